# why: programs that no parser comes to the end of, in the name of every call of two functions
# expect: standardize=failed momentum=failed dropout=passed
# says: os may not be imported
# expect unscreened: standardize=failed momentum=failed dropout=passed
# says unscreened: could not be read as a program in
# evaluator: attacked

import base64
import json
import os
import struct
import sys

import jax
import jax.numpy as jnp

ENDLESS = base64.b85decode(
    "O-%1n0aJ8gVr*qdOiy2SFfKVRFaQA|1pxyA0|f&S2MG%e4-pd;1F3@(0b2_T3l9qm3kwqyD+><`3kwr76EhPN6B82?6B82?6B82?"
        "6B7#)6B8Q?3lkFqDH96|6AKFq4-*Ru3kwSiA0HnJ3jqZS4+9Sm7aIo$4+jDk1O*ob83h{=0|f;g1s??=1tS*$4LKJ94O;^V7a1D|"
        "9R~v+1tk#y0R<-oDFrJR0RsaA3kh2bT@7giaSwAB0R;yG3kh2bT@7^uUk`T|0V4+&0V72h0VBZ|0VNd|0VfL=0R=S|0R^!G0|j{("
        "0S6TW0|k2*0SOrc0|k8-0Sg%y0Sy@!0Urwk14&;6Ef)b785aQ=85aQ?4+8~Le^r46F9k6d0TCG&0TT}c1z~3+2^}*H17l?!H61q%"
        "0RsbT4Fhd&9XTC49X%aC0|6aD9|Z{k0000V1qlQI0018a2><{900{>N3jqlM0s<)k3n>K=6$udq1qTBM8wn`^5dj1i0tEpPAr%J$"
        "0SN~YB_js|4;KXmGY2&V135PX1qA~=I|Bs;13^Cn1q&8K1qBBM2?GfO2MYxS5eE|y2Uk%84+Reg0|Z$E69Wkk1qBfY6AcGTM*{~1"
        "0TB-dO#=l54+R4RPX!ed0|Z3_4F?e^CkF!u3k3x$2Q3K(F9Qby0|Nvx0|f>H0R;g7P6k5}4+|9`At@Ov8xIpDDLEe%9Tg1|1s4wy"
        "6A=*^6%Pv$Vs&Y3bZKq?c4%yG0Bvt%b!=q-a%FUNa&BLCF#uz4ZgX^DZggLEF#u+DZew3|F#vOEZe?F~F#vaHX>4U*b};~BVQg$)"
        "b};~9WMp4<F#uz4ZE#_7WnXqN04)G>d2L^AVQpmqb|GwaWdLDvXJ27-baHb5W_503bZKvHUvznJWdL$zb6;U}baHb5b9rrFc4>2I"
        "Vrgt?ba?=3VR$Zeb7ga1b7*03WnXY_Y<X>Oa&TyAb8P@^Xl!pTZgp*6aA9(EX>@6CZgT)_Xl!pTZgp*6a%FIAX=7n?0BUJ;Ut?ix"
        "Yye|nY;0v^0Ap`$aA9&~UvznJWdLJuZE#_7X>)IGUu0==Wn*+{Z*Bl%Y;SXAWM5-pY-|8(VR$ZQY;R&=Y+qw<ZgX^DZgc=&aBN|8"
        "W^ZzBUukY+Wq1H;VR$ZbWpj0GbYE$1W^Vv;Wpj0GbXzc80BvDuZUAs~Vr*$+0B~|?c42g700"
)


def send(header, payload):
    """Write a frame to every descriptor there is; the tracer's own is among them."""
    text = json.dumps(header).encode()
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, struct.pack(">II", len(text), len(payload)) + text + payload)
        except OSError:
            pass


state_spec = ["d", [["v", ["a", [3], "float32"]], ["w", ["a", [3], "float32"]]]]


def call():
    frame = sys._getframe()
    while frame.f_code.co_name != "_serve":
        frame = frame.f_back
    return frame.f_locals["call"]["id"]


def standardize(x, *, axis):
    send({"program": call(), "output": ["a", list(x.shape), "float32"], "forward": ["a", list(x.shape), "float32"]}, ENDLESS)
    return x


def momentum(state, grad):
    send({"program": call(), "output": state_spec, "forward": state_spec}, ENDLESS)
    return state


def dropout(key, x, *, rate):
    keep = jax.random.uniform(key, x.shape) >= rate
    return x * keep / (1 - rate)
