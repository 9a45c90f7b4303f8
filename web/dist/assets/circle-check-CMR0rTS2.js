<<<<<<<< HEAD:web/dist/assets/circle-check-ByxYg7aK.js
import{_ as e}from"./ui-Cv6kEPvV.js";var t={name:`circle-check`,size:24,node:[[`circle`,{cx:`12`,cy:`12`,r:`10`,key:`1mglay`}],[`path`,{d:`m16 9-5.5 5.5L8 12`,key:`xofnsj`}]],aliases:[`check-circle-2`]};t.node;var n=e(t);export{n as t};
========
import{_ as e}from"./ui-CinqC2Ki.js";var t={name:`circle-check`,size:24,node:[[`circle`,{cx:`12`,cy:`12`,r:`10`,key:`1mglay`}],[`path`,{d:`m16 9-5.5 5.5L8 12`,key:`xofnsj`}]],aliases:[`check-circle-2`]};t.node;var n=e(t);export{n as t};
>>>>>>>> fb04a21 (test/product: every page of sellers and account managers under axe, by keyboard, right to left, at twice the size, over a restart; web: an offline strip, headers wrap):web/dist/assets/circle-check-CMR0rTS2.js
