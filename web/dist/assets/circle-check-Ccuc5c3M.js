<<<<<<<< HEAD:web/dist/assets/circle-check-Dz1S_-hP.js
import{_ as e}from"./ui-CuX4y9Bf.js";var t={name:`circle-check`,size:24,node:[[`circle`,{cx:`12`,cy:`12`,r:`10`,key:`1mglay`}],[`path`,{d:`m16 9-5.5 5.5L8 12`,key:`xofnsj`}]],aliases:[`check-circle-2`]};t.node;var n=e(t);export{n as t};
========
import{_ as e}from"./ui-C-9e21R0.js";var t={name:`circle-check`,size:24,node:[[`circle`,{cx:`12`,cy:`12`,r:`10`,key:`1mglay`}],[`path`,{d:`m16 9-5.5 5.5L8 12`,key:`xofnsj`}]],aliases:[`check-circle-2`]};t.node;var n=e(t);export{n as t};
>>>>>>>> f3e38e7 (signin/openid: staff sign in at an OpenID Connect provider, with PKCE, state, nonce and roles from a claim):web/dist/assets/circle-check-Ccuc5c3M.js
