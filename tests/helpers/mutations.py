"""Mutate serialised modules: the same seed gives the same bytes, on every machine."""

from __future__ import annotations

import base64
import random
from collections.abc import Sequence

# Programs from float32 (4, 5) to float32 (4, 5), serialised without locations: they are the same everywhere.
_STORED = (
    # products, a sort and a slice
    (
        "O-%1n0aJ8gVr*qdOiy2SFfKVRFaQB91pxyA0|f&e2MG%e4-pd;7a1EJA0Y#d0vZA#0lf<gGYbm~4+{$m3mY3N3l9qm3llRFGZPaN"
        "6B82?8w(2)6B82?6B82?6B82~6B82?6B82?6B82?6B7#)6B82?6AKd)3lkFy6B82)3kwSi6B82?6B82?6B82?14R!L3kwS`3lj?q"
        "3l9?u3kwSi3m+d33kwSi3m+dJA5Rl60Syxq6B82?0R;;W105F+4-W?i7ZV!?2Nx3)0v-tkBLyV`3!A;2$DjS7y`%pHCj}`5D-i<)"
        "1uX?H1u+FP0|g1i3+n>~3B?QT0|^};Aq^u92PFkH5di@OHw8HbI~M^10|N^WzY)O`(+ArX-4_7`2LlTazY)O`-v`4L;THj82NwZj"
        "Hx~h8vjYPI;}-#C83O|Y<re{G9RmeF=RxTOJq14(0cjN%0fP${0c#Z(0c$-M0c{x<0dE->0dW}@0dpA_0d*M{0e2Y}0eKl00ecw("
        "1qts9@fQJo85aS64;KLiH5UN|u>%7G^A`aJ83O|Y^%nsN6$1kU_ZI;R83O|Y`4<5V85aQ$6$1l#`vpN40TC4!0TUG$0U;F^0W}pD"
        "0Yeo71Bb%}Ll*&86$1l}#|1?f0a+CT1CzZ4M;8HG6&C?r6&C?t3k699O9f2@PX$pI0Z|(l0aFhb0ZSVf0Zk7V0Yw`Z0Y?uP0Y48H"
        "0Xq*D0XGj90WTXD0Wl930Vx|F9{~de%h4kh9a9Md9}^J)000000000N1q}nu&mC1AR}BFJ1Jw-!*V!Fe9a|k;9bW?h9bq2_2><}V"
        "e;)@4000006AuLi0|x;I0|^BO3m*pw0000$9|;Ko0000V2?+uK0018e2><{903RJ80RR910000000000000000|m*+9}^J(00000"
        "0000N0V@v|0V5k10VNL?0UZw)0T~Y$0TmAc2>}8EDFqP~4JiQ)DFGKL0T~G$DFqP`4JiW!4-o|k1p@^e0VxF)5e+E=2@fd)0S^R{"
        "1_c2TCmRO?0SONgD=7y9AwLBPVFhCa17~Fe2L%IbX#)ub18;2u2?YalaRUhx26Y1k0|ONYdv^mH0|N~feFF&t0SyBI1p@>Y0s{*J"
        "0R;mD5&{DW0|5mC1P%fN2Mrc~0}%re4FdxS2L}cM1p^TU4G#kZ3IYQm0|N;M2fGCW5d{qo0|WvB10e$g2?qza1p^TU4G#kZxdR~$"
        "7J&l^0|5;K0R;mDwF3(S0R;mDvjYhO0R;mDu>%JU7J~x?0~HMe0|^HQtpx)G1rq}U1g`@j0|N;M2dM=E1qBlW0|cuBAp-*m2M47E"
        "0|f;W0|Nx710fd&iG>3N1pyZs2ak&b1p^ry2bGZn1p@^g2A2Z`1sfd$1epUL4-qdd2LlTe1qm?)GX(=TH3J6)13Nhb2N4%TJp%;;"
        "0|f&YD+LEf2T2JBOBVwR1q%lY22BG82M-4e2?tLZ0}BNU3kwEO0|y5a1rZ4cQx^jZ1q}xa22}$G2Nwqo2?tjh0}BNW4GRWY0|y5i"
        "1sMqkU0VYS1r;3w1YZLm0|Z3_2?hfJ1pxq(3S$uu3l$+DDGN6-BR4TC7Y`W~6%!>XIUf}r6)PJP4Fwq~7ZDo~5fKp;7atiF4+{}u"
        "b!lvLX>I^^Xl!o)ZEs|CY-Ip)Wps6NZeMmW0Ap`%b97;DbYFHc0Az1;UuR`*WpZI`Uv@D7V{dJ6VRB_(b};~RWo%_*bYFHc0Apcu"
        "WnXqN0A_V=V_$YL0CR70bYFHc0CZt)XkT_Q0CaL;ZgX&Nb7fz4F#uy>Y;0e4F#vL9c4cyNWnXqN0Ag})VPs=rb97&6ZeL_+ZC`dV"
        "0Bv<_bZKyGd0%!h04)G^VQh6}0CRb5Uv6P-WdLJuZE#_7WnXl8aAg2vZ*6d4a%ppKZeL_+a%E$5X>V=-VRC0*VRUqIa{y*_Zew(5"
        "Z*E_7d2nR_a%FR0VRUqIa{zOBZC`e2b7^8}Y-x0P0BT`)E_HKdb6<04VQ^(%aBpmRZEtdLXlZk80BvY&Z!T_iZC`L<a&&2QX>V?G"
        "0BvY&Z!T_iZC`R_aBOK~VRHa#X>?y>VQg#wWNB?>ZgXjGZUAX>UvqR}Vr*pqaAk6Bb#!5LX>V=-V_|G;Wn}<lX>Db0b7^mGa{yv;"
        "Z((F(VRLj}WNB?>ZgXjGZgT)^Xmej;VRU0?X>Mm<WNB?>ZgXjGZgT)^Xmej<Z*FvQVPkY@Zf9R)X>Db0b7^mGa{zF1Wn*b`X>V>{"
        "V{dL|X=ea(Xmej;VRU0?X>Mm<WNB?>ZgXjGZgT)~Xmej<Z*FvQVPkY@Zf9R)X>Db0b7^mGa{zO1a&!P{VR$ZQY;R&=Y+qw<ZgX^D"
        "Zgc=&aBN|8W^ZzBUukY+Wq1H;VR$ZbWpj0GbYE$1W^Vv;Wpj0GbXzc80BvDuZUAs~Vr*$+0B~|?c42g700"
    ),
    # a loop
    (
        "O-%1n0aJ8gVr*qdOiy2SFfKVRFaQA|1pxyA0|f&S2MG%e4-pd;1F3@(0b2_T3l9qm3kwqyD+><`3kwr76EhPN6B82?6B82?6B82?"
        "6B7#)6B8Q?3lkFqDH96|6AKFq4-*Ru3kwSiA0HnJ3jqZS4+9Sm7aIo$4+jDk1O*ob83h{=0|f;g1s??=1tS*$4LKJ94O;^V7a1D|"
        "9R~v+1tk#y0R<-oDFrJR0RsaA3kh2bT@7giaSwAB0R;yG3kh2bT@7^uUk`T|0V4+&0V72h0VBZ|0VNd|0VfL=0R=S|0R^!G0|j{("
        "0S6TW0|k2*0SOrc0|k8-0Sg%y0Sy@!0Urwk14&;6Ef)b785aQ=85aQ?4+8~Le^r46F9k6d0TCG&0TT}c1z~3+2^}*H17l?!H61q%"
        "0RsbT4Fhd&9XTC49X%aC0|6aD9|Z{k0000V1qlQI0018a2><{900{>N3jqlM0s<)k3n>K=6%7#u1qTBM8wn`^5dj1i0tEpPAr%J$"
        "0SN~YB_js|4;KXmGY2&V135PX1qA~=I|Bs;13^Cn1q&8K1qBBM2?GfO2MYxS5eE|y2Uk%84+Reg0|Z$E69Wkk1qBfY6AcGTM*{~1"
        "0TB-dO#=l54+R4RPX!ed0|Z3_4F?e^CkF!u3k3x$2Q3K(F9Qby0|Nvx0|f>H0R;g7P6k5}4+|9`At@Ov8xIpDDLEe%9Tg1|1s4wy"
        "6A=*^6%Pv$Vs&Y3bZKq?c4%yG0Bvt%b!=q-a%FUNa&BLCF#uz4ZgX^DZggLEF#u+DZew3|F#vOEZe?F~F#vaHX>4U*b};~BVQg$)"
        "b};~9WMp4<F#uz4ZE#_7WnXqN04)G>d2L^AVQpmqc42IFWdLDvXJ27-baHb5W_503bZKvHUvznJWdL$zb6;U}baHb5b9rrFc4>2I"
        "Vrgt?ba?=3VR$Zeb7ga1b7*03WnXY_Y<X>Oa&TyAb8P@^Xl!pTZgp*6aA9(EX>@6CZgT)_Xl!pTZgp*6a%FIAX=7n?0BUJ;Ut?ix"
        "Yye|nY;0v^0Ap`$aA9&~UvznJWdLJuZE#_7X>)IGUu0==Wn*+{Z*Bl%Y;SXAWM5-pY-|8(VR$ZQY;R&=Y+qw<ZgX^DZgc=&aBN|8"
        "W^ZzBUukY+Wq1H;VR$ZbWpj0GbYE$1W^Vv;Wpj0GbXzc80BvDuZUAs~Vr*$+0B~|?c42g700"
    ),
    # sums, a mean and a choice
    (
        "O-%1n0aJ8gVr*qdOiy2SFfKVRFaQB51pxyA0|f&a2MG%e4-pd;7a1EJ1BL<$0wn>z3kwSq3kwSi6AKFu6EiCd4+{$m6EhPt6EhPt"
        "6B82?7ZVc`6B82?6B82?6B82?3kwSi3lkF)6B82?6B82?6B82?6B82?6B82?6B82?6B8Q?3lkF)6AKd)6B82yLkkNF3ojEB3kwSi"
        "3l9?u3kwSy3r`;(9}kaDA0G<~FE0TF6B7Xi3l9S!4;K#?2L~4u6B`F32NM?)0zL`_9|a)=BNqV^H3cOFCj}`5D+2=)?*%OdFA)O;"
        "0|N!=0}EltWASCjXY*;t0|_4?BNrtX11AMB5di@OGX*sTHx~f|0|N^Q$qT~`*8|@V;THh~2LlTU$qT~`!2`_?#TNk~2LlTU!3)C;"
        "!2{0^#TNl72LlTU;|t{t!2{6`#TNl(2NwZlI~M_Ew-*6r<re{EDgpxo6XzEJXB8I#X%!a%YYP_vDL)qhDQ6b}D;Wa=1?v|9EfoU;"
        "1??9BFBumBF%=g9KNS}NVG9=lQ5gj}1v>>j1wREr7Xecl7Xe)l7Xein7Xej47Xeot7Xeul7Xd*T7Xd>V7XeKV7Xd{X7Xd{<7Xe2d"
        "7Xe8V7XdpD7Xdd97XdR57XcwV7Xcx+0|OP$7Xc#`7Xc*;7Xbw|7Xbya0|N#17Xb$u7Xb+!0|N#37Xb?$7Xb|w0|lq~srv;(1w|JD"
        "4;2Fg70nj`5fuXiv;74}0|OKP7XcL&7XcR)7XcX+0|OP&4FLlIBNrV>9}^J)00000000031<St;1Jl(VOC3!ePaRPmQv(Cp4FlWV"
        "9aSAy9a$Y)0}0E&zrQ0J9}^(}0000000001000000000V1qlEE0018e2><{903Qhn0RR91A0Gi9AwdHG00000000000000000000"
        "0000000000000000018oAp`&b00000009610000003QVj005vs9|Z{j002J;0|y5m6%hdd000000018q5dZ)H0000002cup6&C>="
        "3jqlM0s<)k4Jic?6%8o?87T!31q}%uDFqP~9Vr6|4=Do$4-o|k2LlHi5eW$q2MYrS0Vx9k4=Du+2@fd)5e)?11qA^SDIEs`0TBri"
        "Eh`5D8#4t7l?Rsx1Dlxx1qTD283P3e1EHS-1qBDA5d#MU2^9ycr2`QK0}BlYudM?I1pxyW7YDHeBLxEo2LlHS1qBBM2MY!V0|f;E"
        "0|NvH0|f;Kx3vQc0}%xWxe)^k0|gldy8{aa6BP{y0s_4Q2MGZU4;KRj1_A>a2@x?b2LlHS1qq7>jSUBpj{^q<0RsaBlLG|_5j8Uh"
        "0}mSo2}=h}2Ln$T0|f^IQ&9s62Lo4C0|^fnSpx|J0SyBI1p@?$0|^5G1p@?!0|x^E1p@?y0|^fnTLT9J3kd@S4Fv~x5d#GS1rZl{"
        "8v_Rg0}lrS2MYxSeFc9D27v<w1pxyC1cL(w0|a{m5d#Gc1qWXd0|f&G5f^J40|x~I4+jGW3k3yl1#t@oa{~nh0RsaBbpr(h1Z@Km"
        "0|Z?I4G9rBHwOa^4+#l75j_V#3qb`3MMDDz0|yfZM*{~30|f~K1W5x61_J>F0RTD)T@MQtAt5Ob6Auv=D;pmrBM~1HB`G-%D<2gd"
        "6%7*w6%`j1BM}h~5g92J4+{}ub!lvLX>I^^Xl!o)ZEs|CY-Ip)Wps6NZeMmW0Ag})VPs=rb97&6ZeL_+ZC`dV0Ap`%b97;DbYFHc"
        "0A_V=V_$YL0AXZgUv@D7V_|G;Uv@D7V_|b;Uv@D7a%E(7V`X1=X>Me1cVBif0CQz*Wn*+-b};~BZ*6d4a%Eq3F#vL9WOZX@Uv@D7"
        "WNCJ3WMyA=F#s(9b9rrFZeeX@0Cr()b!7lya%W#*baZla0A_V=V{~b6ZeMhHaAg2;WpiI)baZla0CRb5Uv_D8X<}(?X>@r2VsdX`"
        "WMg4-bYEm?ZDnqAX>V?G0ApcnY-MEtYGHUTb#rBNUvp?-aAjX`Z)|yOZ*p*GX>)A=ZD?$7E^c*gUvOb^bZK;HZ*Fq{ZD?$7E^c*g"
        "Uvgz|Y-wX*a{y{-bYEj(Y-|8xVRL0)WNB<+bZKvHa{zE*WMpY>X8?C;Ze(wFUu0=)VRUJ4ZgT*4X>Me1cVA>_ZDnqAX>V?G0C#C_"
        "WN&w0b98cPWMy*zV{dJ6VRB_(ba`-P0Ap`$aA9(3b8l{6WNC6`V{~b6ZUAIyZDnqAX>V?G0B~|?c42g70AqD+b9HS1V|8tFb!}fT"
        "0AF`#WpZTzYGHUTXKZg`VQgPxZ*FsRVQzE)UvO+;bY^dIZC`0_WMy~&YGHUTa%FRMY;<2~Zf0))a%FRMY;;>NT>x!iX>I^;bz*F3"
        "V*m"
    ),
)
MODULES = tuple(base64.b85decode(text) for text in _STORED)


def mutate(modules: Sequence[bytes], seed: int) -> bytes:
    """Change one of the modules: bits, bytes, a length, a piece of another module, or its end."""
    rng = random.Random(seed)
    module = bytearray(rng.choice(modules))
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at = rng.randrange(len(module))
        kind = rng.choice(("bit", "byte", "byte", "small", "bytes", "cut", "delete", "double", "splice"))
        if kind == "bit":
            module[at] ^= 1 << rng.randrange(8)
        elif kind == "byte":
            module[at] = rng.randrange(256)
        elif kind == "small":  # most bytes of the format are small numbers: counts, indices, lengths
            module[at] = (module[at] + rng.choice((-4, -2, 2, 4))) % 256
        elif kind == "bytes":
            module[at : at + 4] = rng.randbytes(4)
        elif kind == "cut" and at > 16:
            del module[at:]
        elif kind == "delete":
            del module[at : at + rng.randrange(1, 9)]
        elif kind == "double":
            module[at:at] = module[at : at + rng.randrange(1, 9)]
        elif kind == "splice":
            other = rng.choice(modules)
            start = rng.randrange(len(other))
            module[at : at + 32] = other[start : start + 32]
    return bytes(module)
