<<<<<<<< HEAD:web/dist/assets/circle-check-Dz1S_-hP.js
import{_ as e}from"./ui-CuX4y9Bf.js";var t={name:`circle-check`,size:24,node:[[`circle`,{cx:`12`,cy:`12`,r:`10`,key:`1mglay`}],[`path`,{d:`m16 9-5.5 5.5L8 12`,key:`xofnsj`}]],aliases:[`check-circle-2`]};t.node;var n=e(t);export{n as t};
========
import{_ as e}from"./ui-DdN0yS6M.js";var t={name:`circle-check`,size:24,node:[[`circle`,{cx:`12`,cy:`12`,r:`10`,key:`1mglay`}],[`path`,{d:`m16 9-5.5 5.5L8 12`,key:`xofnsj`}]],aliases:[`check-circle-2`]};t.node;var n=e(t);export{n as t};
>>>>>>>> b5da917 (web: the seller's queue, the manager's status and queue; pictures and a test by clicking):web/dist/assets/circle-check-C0GaMX9G.js
