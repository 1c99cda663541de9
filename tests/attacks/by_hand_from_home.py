# why: programs that were differentiated at home are handed in as bytes; their operations still say how they were made
# expect: standardize=failed momentum=passed dropout=passed
# says: may not be imported
# expect unscreened: standardize=failed momentum=passed dropout=passed
# says unscreened: automatic differentiation made part of its program

import base64
import zlib

import jax
import jax.numpy as jnp
from jaxlib.mlir.dialects import stablehlo


HOME = {
    0: (
        "c-oCrZ)hAv6rauH?Ya!hvL4H_9K#ZhBVCTW^?HPGP1D$xTrF*hF*K!=dTj32%eHsB*Zq?;il~T4DN>54h?F8CBBcZ=B2rXDi"
        "in7a6p<n#BBCNi#P81RZLlQ$;LPp3-+OO<@4b05+_9r~A5)eRcct$=a&)1+R<G5kY7Zfy0s<5TOt7gIjG|SVtT>J78GK;uA5"
        "*wZBvmDB=7VI2aLH$hqY+d|G5d%`)FPW?^kd#4H>mt8=F|}(+cg4w51vpRM_phHV)0=R0hm=+4MQqO1*1?Hdt3s`qThV0`vf"
        "NRfeI!4+`9e(p*@M#HCmVGR8jv>)i6LACh2n$eO{v%Z2ckun>w#S1*-HN2^`uiLY+3h#M0dUgLIxkLlY28!8A1Kkz+7J7Zzb"
        "wUph&TpMbflCArou{gg{jw_!ii>c=n8jt2*;f^<`PbqwaIe3s$O#miI)8MvX$(l~`f)d}e;U7#CJ!C?k(SWWtj1V`W)EKvDH"
        "PB?rS7ODIahlj4v%4Pj!LgiPu+PtQ}&hQ%?&s?F7P2bdDiN3ADaX3LM61^_LN&4OmIHkX@Qso1lwHH$5CI{Yi`biN^)6Z@}T"
        "mPK7zu?xTP5mo|zvg&h6I?olEnToQ4dsJDA%__MXc-e*jxDPqlnS&%Jqu)no}J4C%EiMY<47Q63xe?Xq#($`*qAL48#J9Qpc"
        "C1~I-xcOc1aSJY%HiYmeuhGMGzM8tRRj54p;!~(Zg68{}}N6MXVq=fPr1<0mk5~oUJ5V6%1s#pkf6CB8^wEM1W5ui3R2tusq"
        "HrZau9rmV#TQ0+X^Lmaxn#Xq9yqvrrJrSOP)Et;qtfN);!WZW_3CiR&1*s$7C9vIJmJRlLIFL{S&7GINP6>%4&SwgU9L045F"
        "bEtYo@w;Fl=2Fq_($g;tS)ony0CmOu+cX^*2Nxa4~mg=gw$z-EJmQBu_+Qu|<rpcKf@iR~3)^wh8n&oWHn5|C@rqANm3_tsv"
        "BF^xL`{i+r4~ney0uq&;N=#BR8<j>y*L7#AUMiSMnH0-*Q#P8FdADP#WzEn{&18Pnv{j<5q<%l~1GKi<578j(rhN~sM4{X5x"
        "N*|<gLc;+u>Ty?34=IsgM?$Z+vOtik~9iNsGD{?j=KJu-_6h<WpRi74UV5kgASK*x{^e0CkqmIJvZ@2?0D53W-vY%G3RdNB!"
        "i*D;=57LOLo_W8^{a1sJDT54P7_t`cHbuSr4PL&cO8p$4!&47r9+8a$>e&B|Pu=LCh*~`r*14`9Y7z_+JEGV7{NhARdOXx9i"
        "N>aF=a6+Z(fU2RrpnW8R)P9iV$4YZW@<p0A~`7q>?p7>50gK^P5J{dj-|>_%!qI%p5wDDe}YUBG{~$Q$;3RtY-eCvA2VFIn{"
        ">uI%B<t}To0Fb!orK;HRb$hzBc`+c-`bkqA#R^hz`^5c8irrO?q$Yi{)7Nx;`?Q3p7_3{uqS~D_dhs+SW`yAc3N9;M=uW?yl"
        "b~<?29Y+2v-CzUxLE`nih;?&)$5YN;*gdzf2l3~ChUp4xCwgGkgi8Xs^V6N5f5E@v-|!#!Pka}Dhrh?S@elZ~e*pyzy@v"
    ),
    1: (
        "c-oCreTW-H6ra7hmvtGIC5B~L!Vr!Su1iSPG#p2Iy`F8k)Y6voJbI;+8upSkw{5bU?#EqE5fu?BMM@DBky1rOq?AKS5h*GnM"
        "MOkIibxR=5mAvM;{U$cq*(6yhcnrEzxQT-?`wt}Ieh0abt!gMdhR2K7g}qzYHh0e5Ru9tL0+Panp)1t7mAZ*yFNWb_l^ByO1"
        "GG-X$<FRuoN*N#ViUmgc{4IA1g2|kCP35xSJOSO?>$gbx2504S_gACp6pE7LdUTVi-&UwCb8+$T>M@<Z@$=%TOrrZ@$$%1`~"
        "Q;gQ9+BU4Mb`uFPv$UX%G$UjI<bQh*Xn^5<m!e3qZH^z#fXZodX)sPK1Xuz4d7HQxA=%5!`7^LY;StVCc6rlG+P9f29Xun4p"
        "I(s6$D7|c})vQxOJpK$oe7VJf>cJv%?yRg3^$v4zj$6%f-rx9;1UgT<k;F>ziqXZ6ACgjU}fp0to2N7N?H25<z9D*aTz?ByT"
        ";owDB<jP9|9=OEI7xkAJS6&fn<BI+|;x`1Ixx{UYzm<h0{!SK-!ZBW!`BfQ?^Y^d83H`dp)el6}Zot(W0=QTCCwVx@Kf4Jn{"
        "d3&@LRgnJ^{)_rE%3r7IDCp0bg7WV%7+8t2oXwuEEp4awYvvYshHz!?iN5H<k`7Ykdb&e6>km&A(kXbe@{x1B8`n%60;zyiv"
        "^fs(JbQ@1-vAg$`+M0iz?dqgBg$(>8vD={|;1w?4t*%JpM7z`SVmIu#W;>={{tLRY_Ntt||q#oYSZZ5|hU(RAwM1kuy2mm#8"
        "w1k~W{tB1@&sVh*LEW{Ol188k~e`po4rB`SlY)8=GOWTj;$Q8x|RydZQ+n-w8J%U}Q~a4mBQ<wRc3Tt;(|E$bqI(v}4DQ35E"
        "9%-a}uk~Zt3_;rkLmD#c(h?OlwV?;DW=I@C<*>dIzMl9B}%qGfuoh_S!Ikkmpj+mxkek5w1rp@V5%xR3-m@%858mQ0G=8UL)"
        "PR+~+k9(DIO7~~5^%BXbU5%NnXx7X1vaaj)RIQjZ)e_5>tcGGV%JWX!)Jj=HH?t=0Yo?{K>`LPGV$UaQtG$5qgHF<O$x0YFo"
        "wgIjEzfUtygvTtkapllvE#=AJDrXYp&KWmKSZ6R?F!WK*1S%N`U(0S^fm;3BJtZoM#)MXI_=bn?{=No9kQcUXOP0^Oo*F1i5"
        ">R`Hu`tMt{d;H4mODEyJ2^Oh#Wdj*zulpiM<|#r|rJu`L>h9K{s?dZfHk%U?n(fdwztO*u7xg4L!dreEcthNN{u>p&t!`$lY"
        ";jZLq_#?5&O2egdoBZXC5IO8Vp;h^->0oU_#=a--I;1B0Nq(GSAGsu%T1A8(}UC;isI31ctz@B;p`h3=r|VJ7617q_q!H(qr"
        "^q3jaNj=L7iMvbIBAnw^gfZc67y&l;;yy-n8&G6m?Mfq-esJgospp5oZ!^FR@ea-15?#RWq)(p*QktxEvAEEp92%p3K8khEE"
        "`-X74%_yFw<8KhpkKL{tVmH^fJ>~R;-E#}Oh<FZUkgQ-k$pf<{T#(r9pKkyB3;mV;M*pCH(mV7!`aQixf1rQ;3xW{6p8"
    ),
}


serialize = stablehlo.serialize_portable_artifact


def brought(part, *rest):
    text = part.operation.get_asm(enable_debug_info=True)
    if '"standardize"' not in text:
        return serialize(part, *rest)
    return zlib.decompress(base64.b85decode(HOME[0 if "dimensions = [0]" in text else 1]))


stablehlo.serialize_portable_artifact = brought


def standardize(x, *, axis):
    return x - x.mean(axis=axis, keepdims=True)


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
