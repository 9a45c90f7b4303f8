<<<<<<<< HEAD:web/dist/assets/triangle-alert-C1G7lkcE.js
import{_ as e}from"./ui-CuX4y9Bf.js";var t={name:`triangle-alert`,size:24,node:[[`path`,{d:`m21.73 18-8-14a2 2 0 0 0-3.48 0l-8 14A2 2 0 0 0 4 21h16a2 2 0 0 0 1.73-3`,key:`wmoenq`}],[`path`,{d:`M12 9v4`,key:`juzpu7`}],[`path`,{d:`M12 17h.01`,key:`p32p05`}]],aliases:[`alert-triangle`]};t.node;var n=e(t);export{n as t};
========
import{_ as e}from"./ui-C-9e21R0.js";var t={name:`triangle-alert`,size:24,node:[[`path`,{d:`m21.73 18-8-14a2 2 0 0 0-3.48 0l-8 14A2 2 0 0 0 4 21h16a2 2 0 0 0 1.73-3`,key:`wmoenq`}],[`path`,{d:`M12 9v4`,key:`juzpu7`}],[`path`,{d:`M12 17h.01`,key:`p32p05`}]],aliases:[`alert-triangle`]};t.node;var n=e(t);export{n as t};
>>>>>>>> f3e38e7 (signin/openid: staff sign in at an OpenID Connect provider, with PKCE, state, nonce and roles from a claim):web/dist/assets/triangle-alert-DMjP4wNA.js
