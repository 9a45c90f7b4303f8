<<<<<<<< HEAD:web/dist/assets/lock-Peu26B0m.js
import{h as e}from"./ui-DYZ-UdfK.js";var t={name:`lock`,size:24,node:[[`rect`,{width:`18`,height:`11`,x:`3`,y:`11`,rx:`2`,ry:`2`,key:`1w4ew1`}],[`path`,{d:`M7 11V7a5 5 0 0 1 10 0v4`,key:`fwvmzm`}]]};t.node;var n=e(t);export{n as t};
========
import{h as e}from"./ui-D3dfQqRa.js";var t={name:`lock`,size:24,node:[[`rect`,{width:`18`,height:`11`,x:`3`,y:`11`,rx:`2`,ry:`2`,key:`1w4ew1`}],[`path`,{d:`M7 11V7a5 5 0 0 1 10 0v4`,key:`fwvmzm`}]]};t.node;var n=e(t);export{n as t};
>>>>>>>> 88f6408 (web, signaling: the test also says how fast the server's bytes come):web/dist/assets/lock-D5EOlr_d.js
