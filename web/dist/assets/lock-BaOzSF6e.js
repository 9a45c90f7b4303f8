<<<<<<<< HEAD:web/dist/assets/lock-CX-N_1hQ.js
import{h as e}from"./ui-CWLDmBUG.js";var t={name:`lock`,size:24,node:[[`rect`,{width:`18`,height:`11`,x:`3`,y:`11`,rx:`2`,ry:`2`,key:`1w4ew1`}],[`path`,{d:`M7 11V7a5 5 0 0 1 10 0v4`,key:`fwvmzm`}]]};t.node;var n=e(t);export{n as t};
========
import{h as e}from"./ui-Jg-lMyCA.js";var t={name:`lock`,size:24,node:[[`rect`,{width:`18`,height:`11`,x:`3`,y:`11`,rx:`2`,ry:`2`,key:`1w4ew1`}],[`path`,{d:`M7 11V7a5 5 0 0 1 10 0v4`,key:`fwvmzm`}]]};t.node;var n=e(t);export{n as t};
>>>>>>>> bb54cc7 (web: another look and another call on the result page, appeals in the auditor's worklist and desk; what is compared and until when among the kept; texts of late parts in the page's language):web/dist/assets/lock-BaOzSF6e.js
