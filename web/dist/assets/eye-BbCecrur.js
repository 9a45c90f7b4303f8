<<<<<<<< HEAD:web/dist/assets/eye-BYO0YFvo.js
import{_ as e}from"./ui-Cv6kEPvV.js";var t={name:`eye`,size:24,node:[[`path`,{d:`M2.062 12.348a1 1 0 0 1 0-.696 10.75 10.75 0 0 1 19.876 0 1 1 0 0 1 0 .696 10.75 10.75 0 0 1-19.876 0`,key:`1nclc0`}],[`circle`,{cx:`12`,cy:`12`,r:`3`,key:`1v7zrd`}]]};t.node;var n=e(t);export{n as t};
========
import{_ as e}from"./ui-CinqC2Ki.js";var t={name:`eye`,size:24,node:[[`path`,{d:`M2.062 12.348a1 1 0 0 1 0-.696 10.75 10.75 0 0 1 19.876 0 1 1 0 0 1 0 .696 10.75 10.75 0 0 1-19.876 0`,key:`1nclc0`}],[`circle`,{cx:`12`,cy:`12`,r:`3`,key:`1v7zrd`}]]};t.node;var n=e(t);export{n as t};
>>>>>>>> fb04a21 (test/product: every page of sellers and account managers under axe, by keyboard, right to left, at twice the size, over a restart; web: an offline strip, headers wrap):web/dist/assets/eye-BbCecrur.js
