<<<<<<<< HEAD:web/dist/assets/smartphone-XpzvQp6a.js
import{_ as e}from"./ui-CuX4y9Bf.js";var t={name:`smartphone`,size:24,node:[[`rect`,{width:`14`,height:`20`,x:`5`,y:`2`,rx:`2`,ry:`2`,key:`1yt0o3`}],[`path`,{d:`M12 18h.01`,key:`mhygvu`}]]};t.node;var n=e(t);export{n as t};
========
import{_ as e}from"./ui-C-9e21R0.js";var t={name:`smartphone`,size:24,node:[[`rect`,{width:`14`,height:`20`,x:`5`,y:`2`,rx:`2`,ry:`2`,key:`1yt0o3`}],[`path`,{d:`M12 18h.01`,key:`mhygvu`}]]};t.node;var n=e(t);export{n as t};
>>>>>>>> f3e38e7 (signin/openid: staff sign in at an OpenID Connect provider, with PKCE, state, nonce and roles from a claim):web/dist/assets/smartphone-PJjIFdrT.js
