<<<<<<<< HEAD:web/dist/assets/lock-BBG1xz-K.js
import{_ as e}from"./ui-Bev-ibyp.js";var t={name:`lock`,size:24,node:[[`rect`,{width:`18`,height:`11`,x:`3`,y:`11`,rx:`2`,ry:`2`,key:`1w4ew1`}],[`path`,{d:`M7 11V7a5 5 0 0 1 10 0v4`,key:`fwvmzm`}]]};t.node;var n=e(t);export{n as t};
========
import{_ as e}from"./ui-C2zUXgjf.js";var t={name:`lock`,size:24,node:[[`rect`,{width:`18`,height:`11`,x:`3`,y:`11`,rx:`2`,ry:`2`,key:`1w4ew1`}],[`path`,{d:`M7 11V7a5 5 0 0 1 10 0v4`,key:`fwvmzm`}]]};t.node;var n=e(t);export{n as t};
>>>>>>>> c7dc686 (recorder/spool, calls: parts wait bounded while the store is away, also on a node that is alone, and operators see it):web/dist/assets/lock-Cn31vYPi.js
