<<<<<<<< HEAD:web/dist/assets/eye-B4025Ed9.js
import{_ as e}from"./ui-CuX4y9Bf.js";var t={name:`eye`,size:24,node:[[`path`,{d:`M2.062 12.348a1 1 0 0 1 0-.696 10.75 10.75 0 0 1 19.876 0 1 1 0 0 1 0 .696 10.75 10.75 0 0 1-19.876 0`,key:`1nclc0`}],[`circle`,{cx:`12`,cy:`12`,r:`3`,key:`1v7zrd`}]]};t.node;var n=e(t);export{n as t};
========
import{_ as e}from"./ui-C-9e21R0.js";var t={name:`eye`,size:24,node:[[`path`,{d:`M2.062 12.348a1 1 0 0 1 0-.696 10.75 10.75 0 0 1 19.876 0 1 1 0 0 1 0 .696 10.75 10.75 0 0 1-19.876 0`,key:`1nclc0`}],[`circle`,{cx:`12`,cy:`12`,r:`3`,key:`1v7zrd`}]]};t.node;var n=e(t);export{n as t};
>>>>>>>> f3e38e7 (signin/openid: staff sign in at an OpenID Connect provider, with PKCE, state, nonce and roles from a claim):web/dist/assets/eye-BfXqP90G.js
