# why: programs that were differentiated at home are handed in as bytes; their operations still say how they were made
# expect: standardize=failed momentum=passed dropout=passed
# says: may not be imported
# expect unscreened: standardize=failed momentum=passed dropout=passed
# says unscreened: automatic differentiation made part of its program
# prints unscreened: from home

import base64
import zlib

import jax
import jax.numpy as jnp


HOME = {
    0: (
        "c-n<jeP|p-6rat@yKx!TWnG44y9~#1gmgKQYYg#-F`jMc#n6TrLsLR2$L4OEY`w4E?xl?)Dk369q?95eMMOlTh=_=Y"
        "6cJGo5fKp)5fKp){}2TKcV_QG(p2IuJMZ^?^S<W2xm!H>*Tcq260A4E2Tv|lw<g9XrpAvDt$-SO8ZdB8+wrpb(L!;u"
        "Gz0ex{VBAYjG88s?=6ocm|F7+q@Tx3Prl4ciBvPy=j|HHCFT1lRTvb_VsXi~nes~4ta==#Av0w?jzeu~+8(v-p+gk2"
        "S@He{e1&0-pEfbi&*XT-#EG0(reeYp6I5Im{1wvz6pKqDq+-JoO`o?Jj)>x8IEucwOhrjxL6qJBI$J)Poy+2wrD<5i"
        "37ixQfKyn)=`oFR;~$(6`Y8$N@)cpMNx<9%akh%H656Fu)F_tmD9#D}5oNV-1&<5;f`aqcMWM$pGNErPb@~Q>T;eAb"
        "p1CfHzIevMdGVZu3wS~lsJKFLQCxcwm-tJjFkY5+MtKF7h4HF_vscCI0$0SFH}DjHOB%eb*upjbuEg&t>|Dds;zPi-"
        "tgB^hiwqtKwH@f?cGw*X@bj+>_~J`(Mw~UYJO}vJfbYH+RS}4q2(zdY@?<#`WFQ{slYK#muW8yJqnf5`LqopCe6+Y+"
        "kTcx}&V;WyKA>r#MS*%gXr>RkIeaLC+A_>&bog%s4XuX&=<sI<^OrGa&J#RlBOo3Fs#aT1F-unikgakP3<QG?j{#+<"
        "UP3cm?rWeAO9_?00v$}K<ZUULk;#LOmJO8=E@N^#GXfOBfy$^Yb=}O2O5Jmz5-VN$k10vbj7)&JteJUA%Dmv2rzJhY"
        "RvlHq=)MA+K><=anP+8QA1afB{F5?&VT`T1%CWf5(H%ItD)aM}Off+-FUX7|lV;|slv7h|)l;6OeV*RH(^H<WsWVSQ"
        "WonRfO6HuIbt`W;QZGYgTAlr<k(pKz=k#G4j%Q@^HFDRT8z$qqobR~VQekYqJYV*Ge~y)GZrCIKv{)>!xu$11+_hZJ"
        "x#{{Qv(|f2BZ*pMYqQZN&33)l2+4Z49n@<<oK&M$wH`I)KMbk0TX7P!5`}|$U5Rd(^t!D+s`qN4LiK1Xs;8*glW{wZ"
        "ZH3SES~Vr(-g?pvYH5&GxDg~_-#gw6Iw_1VbmivVq?j~2#m#mz9PezCuoZSUwuwq#54!c}(U6>vlEby2(eR5hUMudj"
        "<M8nLt<GWJFYYh?AX{1ELED34#l5{j<O#|7;L><64&!RS@J_q2-E4O|n^D{(P1(rtR<Bv@1l=S`BH6cHt{Zk5kt|Nd"
        "tEzb9Qhesf+1>EuzWxmE-;*(|W^Xa6<No~v&fPai3*X1df!xOZPgCUF4(?gnlY>ldE#$Usb-RMr_8ya{m4q8%SN8eh"
        "9`-+{b3hl=-6FeA_maH<<UltX?e(Bh-MQ$b+GzyIxpucHL)F7esf|3Hyw;L9*Cu_erq>MQ52({ym!l<j%({44W1oKg"
        "%@04qPw+GR0>8p<@DY3rH{lcb{a?|<zg_"
    ),
    1: (
        "c-n<jeP|p-6rah<+i@AzWnGqKy9~#1gmgKQYYg#-F`jMc#n6TrLsLpA$L4OEY`w4E?WK((Dk369q?95eMMXrUh!hbK"
        "DI%gGA|fIpA|fIp{vind@66tXq^ZOi_PyVG^S<W2xm!H`*Tcq260X&w2ahjRHYdg>rp6Bunn#L01rDBRyM87&nlDTi"
        "XW*WpKLx$XnQ3ylZ&^~o70oG-em*ySxw)SzQpr@Gzhf*(s_&yz;7~9Ng(chO$}6QAwOme-o3b9)Wi~TypV{`%0fw23"
        "c>e=ug=5w^X=2VfopoX^j%CF%6BCx0VB(r^UNJ2|vA856Ce|&{2%Hwj5m9&yM==nWm?#R&i{cGnv!%nCxeSh3lwtuV"
        "a8fJ)PGJ$J$0&1*e{e?VCnRLcmxXak0`4t{GZmbb&@M)z%CLloaZc!uD656bcvR@;6`a2&@;&DQ7y6bGr>{GYOZ<ew"
        "GuK2R5YJdRFP^h-0gs716PFn-imNZ;lJk-&jF+XIQCh)eVZ5f`>=p5bz!mY<bv)s`Ee+mL+Wb}LU5VdQ*u9D;#fN~W"
        "G9Jy?7A5^9A=!q0b{lS=0)GCL0bhJ6PKz@J%{c(y8t~osq9Q_36;TFtLY^$8j11TVDSNfg2ni^qe~eP9)1je&@&GMI"
        "5#)LR78e0^13=S4ivjZkpk@HNIeb7vx(qXv4gZZm(Rv7g4S$9(e+jeZJi#M20^$*1irRXLc}fjHzUr7@AQ)_T3>ZhX"
        "3DX>TPC*}*9Lk{uI+#$-*^+ZZ%YlxT4doF>#&m3L1Q>z~<xyM8x~Yvy+4rE_RkHLSQ=FNaOn}*psXZlmPB_}rQa!>~"
        "T~)y7o&wxK0g}7gvodc0<;g+*Ntr)C##cS%SlHv}4IDj{`FTsGm|)rqGULdksa=tLYKpJ=%Coq~(;s;H%JX$~=V>TU"
        "4RTJ&oHMgt`At{KB`8m;yB{{RX%%r!AGYDBCYw*mU3adV+{tDG*UJ?1WAml?QV;}lyl6XyJrYcd#nLIy^exx%EYEQq"
        "(+f;)t@Yx15;w`_M!iKEty-@hk+n`MtX0EqQi+?DTHKKTFr?aQc9XD~C>+*miglu-*J<`qtyhf{s>PdeEk%u<jN7hn"
        "DSWoqtSa8^ttFkXng(e`>tPc0y}KJ>JB8iz9eH>+DI|?{VWZWE#@kyYYDS&)Euzxb!cHxIG$QBX<X|<d*MowL*X*`i"
        "-RR)C&Gx|{DC{kMKU-Pje#e7rb$h#m$QzP#;l=S@H|kdUg|}PvtwyWU-iW&m(vXcDZ}u9McGyYcB$j>K(RHGBJ(k6("
        "coh|oT<o4cbY>?!xvxKi`*&qbtJz&l>bUoOpL_QW(!%%X<UnrI{ZCWm-1hHT+LQfEZY|`tWA(bi=GHEgxS2%jQAhUq"
        "!Y=K9PG_GksJBISobDyN1IU4{*IR30y|Vq#Nu^y6le4W(Lx!qF7gHN~JNc}o;%tlbv6@~Zls}+$Z%vMt+%fCnCCWej"
        "`kNnqgrDGN_yvB2-{2$o7;eHR@cX}2#=mv"
    ),
}


export = jax.export.export
axes = []


class Brought:
    def __init__(self, exported):
        self.out_avals = exported.out_avals
        self.mlir_module_serialized = exported.mlir_module_serialized
        if axes:
            self.mlir_module_serialized = zlib.decompress(base64.b85decode(HOME[axes.pop()]))
            print("from home")


jax.export.export = lambda function, **options: lambda *avals: Brought(export(function, **options)(*avals))


def standardize(x, *, axis):
    axes[:] = [axis]
    return x + 0.0


def momentum(state, grad):
    v = 0.9 * state["v"] + grad["w"]
    return {"w": state["w"] - 0.1 * v, "v": v}


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
