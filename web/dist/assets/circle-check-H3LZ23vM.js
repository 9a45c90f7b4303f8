<<<<<<<< HEAD:web/dist/assets/circle-check-CVDtiztG.js
import{_ as e}from"./ui-Bev-ibyp.js";var t={name:`circle-check`,size:24,node:[[`circle`,{cx:`12`,cy:`12`,r:`10`,key:`1mglay`}],[`path`,{d:`m16 9-5.5 5.5L8 12`,key:`xofnsj`}]],aliases:[`check-circle-2`]};t.node;var n=e(t);export{n as t};
========
import{_ as e}from"./ui-C2zUXgjf.js";var t={name:`circle-check`,size:24,node:[[`circle`,{cx:`12`,cy:`12`,r:`10`,key:`1mglay`}],[`path`,{d:`m16 9-5.5 5.5L8 12`,key:`xofnsj`}]],aliases:[`check-circle-2`]};t.node;var n=e(t);export{n as t};
>>>>>>>> c7dc686 (recorder/spool, calls: parts wait bounded while the store is away, also on a node that is alone, and operators see it):web/dist/assets/circle-check-H3LZ23vM.js
