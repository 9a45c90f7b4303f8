<<<<<<<< HEAD:web/dist/assets/info-Dm57K3oE.js
import{_ as e}from"./ui-CuX4y9Bf.js";var t={name:`info`,size:24,node:[[`circle`,{cx:`12`,cy:`12`,r:`10`,key:`1mglay`}],[`path`,{d:`M12 16v-4`,key:`1dtifu`}],[`path`,{d:`M12 8h.01`,key:`e9boi3`}]]};t.node;var n=e(t);export{n as t};
========
import{_ as e}from"./ui-DdN0yS6M.js";var t={name:`info`,size:24,node:[[`circle`,{cx:`12`,cy:`12`,r:`10`,key:`1mglay`}],[`path`,{d:`M12 16v-4`,key:`1dtifu`}],[`path`,{d:`M12 8h.01`,key:`e9boi3`}]]};t.node;var n=e(t);export{n as t};
>>>>>>>> b5da917 (web: the seller's queue, the manager's status and queue; pictures and a test by clicking):web/dist/assets/info-CUy9aJ47.js
