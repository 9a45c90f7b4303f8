<<<<<<<< HEAD:web/dist/assets/lock-JF2HwGVb.js
import{h as e}from"./ui-DeGXtBO6.js";var t={name:`lock`,size:24,node:[[`rect`,{width:`18`,height:`11`,x:`3`,y:`11`,rx:`2`,ry:`2`,key:`1w4ew1`}],[`path`,{d:`M7 11V7a5 5 0 0 1 10 0v4`,key:`fwvmzm`}]]};t.node;var n=e(t);export{n as t};
========
import{h as e}from"./ui-BjxZ-Ppv.js";var t={name:`lock`,size:24,node:[[`rect`,{width:`18`,height:`11`,x:`3`,y:`11`,rx:`2`,ry:`2`,key:`1w4ew1`}],[`path`,{d:`M7 11V7a5 5 0 0 1 10 0v4`,key:`fwvmzm`}]]};t.node;var n=e(t);export{n as t};
>>>>>>>> b223c63 (pages are sent compressed, a link's exchange answers the appointment, the notice names the room's own retention; axe on /privacy):web/dist/assets/lock-DWqyu-6h.js
