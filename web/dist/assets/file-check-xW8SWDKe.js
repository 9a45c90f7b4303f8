<<<<<<<< HEAD:web/dist/assets/file-check-CETEALD5.js
import{_ as e}from"./ui-Cv6kEPvV.js";var t={name:`file-check`,size:24,node:[[`path`,{d:`M6 22a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2h8a2.4 2.4 0 0 1 1.704.706l3.588 3.588A2.4 2.4 0 0 1 20 8v12a2 2 0 0 1-2 2z`,key:`1oefj6`}],[`path`,{d:`M14 2v5a1 1 0 0 0 1 1h5`,key:`wfsgrz`}],[`path`,{d:`m9 15 2 2 4-4`,key:`1grp1n`}]]};t.node;var n=e(t);export{n as t};
========
import{_ as e}from"./ui-CinqC2Ki.js";var t={name:`file-check`,size:24,node:[[`path`,{d:`M6 22a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2h8a2.4 2.4 0 0 1 1.704.706l3.588 3.588A2.4 2.4 0 0 1 20 8v12a2 2 0 0 1-2 2z`,key:`1oefj6`}],[`path`,{d:`M14 2v5a1 1 0 0 0 1 1h5`,key:`wfsgrz`}],[`path`,{d:`m9 15 2 2 4-4`,key:`1grp1n`}]]};t.node;var n=e(t);export{n as t};
>>>>>>>> fb04a21 (test/product: every page of sellers and account managers under axe, by keyboard, right to left, at twice the size, over a restart; web: an offline strip, headers wrap):web/dist/assets/file-check-xW8SWDKe.js
