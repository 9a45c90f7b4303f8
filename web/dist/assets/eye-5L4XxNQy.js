<<<<<<<< HEAD:web/dist/assets/eye-5L4XxNQy.js
import{_ as e}from"./ui-CdR9igU0.js";var t={name:`eye`,size:24,node:[[`path`,{d:`M2.062 12.348a1 1 0 0 1 0-.696 10.75 10.75 0 0 1 19.876 0 1 1 0 0 1 0 .696 10.75 10.75 0 0 1-19.876 0`,key:`1nclc0`}],[`circle`,{cx:`12`,cy:`12`,r:`3`,key:`1v7zrd`}]]};t.node;var n=e(t);export{n as t};
========
import{h as e}from"./ui-DxE4mERI.js";var t={name:`eye`,size:24,node:[[`path`,{d:`M2.062 12.348a1 1 0 0 1 0-.696 10.75 10.75 0 0 1 19.876 0 1 1 0 0 1 0 .696 10.75 10.75 0 0 1-19.876 0`,key:`1nclc0`}],[`circle`,{cx:`12`,cy:`12`,r:`3`,key:`1v7zrd`}]]};t.node;var n=e(t);export{n as t};
>>>>>>>> 2ff8192 (web: the seller's page is one file, drawn in grey before its script; formatters are made once; scripts/light prints bytes, axe and Lighthouse; tests of the phone's camera and of memory):web/dist/assets/eye-BDIvh0B8.js
