<<<<<<<< HEAD:web/dist/assets/monitor-CBaPkXRU.js
import{_ as e}from"./ui-CuX4y9Bf.js";var t={name:`monitor`,size:24,node:[[`rect`,{width:`20`,height:`14`,x:`2`,y:`3`,rx:`2`,key:`48i651`}],[`line`,{x1:`8`,x2:`16`,y1:`21`,y2:`21`,key:`1svkeh`}],[`line`,{x1:`12`,x2:`12`,y1:`17`,y2:`21`,key:`vw1qmm`}]]};t.node;var n=e(t);export{n as t};
========
import{_ as e}from"./ui-C-9e21R0.js";var t={name:`monitor`,size:24,node:[[`rect`,{width:`20`,height:`14`,x:`2`,y:`3`,rx:`2`,key:`48i651`}],[`line`,{x1:`8`,x2:`16`,y1:`21`,y2:`21`,key:`1svkeh`}],[`line`,{x1:`12`,x2:`12`,y1:`17`,y2:`21`,key:`vw1qmm`}]]};t.node;var n=e(t);export{n as t};
>>>>>>>> f3e38e7 (signin/openid: staff sign in at an OpenID Connect provider, with PKCE, state, nonce and roles from a claim):web/dist/assets/monitor-C8pNF7eH.js
