<<<<<<<< HEAD:web/dist/assets/info-DZduDJTN.js
import{_ as e}from"./ui-Bev-ibyp.js";var t={name:`info`,size:24,node:[[`circle`,{cx:`12`,cy:`12`,r:`10`,key:`1mglay`}],[`path`,{d:`M12 16v-4`,key:`1dtifu`}],[`path`,{d:`M12 8h.01`,key:`e9boi3`}]]};t.node;var n=e(t);export{n as t};
========
import{_ as e}from"./ui-C2zUXgjf.js";var t={name:`info`,size:24,node:[[`circle`,{cx:`12`,cy:`12`,r:`10`,key:`1mglay`}],[`path`,{d:`M12 16v-4`,key:`1dtifu`}],[`path`,{d:`M12 8h.01`,key:`e9boi3`}]]};t.node;var n=e(t);export{n as t};
>>>>>>>> c7dc686 (recorder/spool, calls: parts wait bounded while the store is away, also on a node that is alone, and operators see it):web/dist/assets/info-BlZ6p1Xn.js
