<<<<<<<< HEAD:web/dist/assets/lock-BcLXAEKB.js
import{_ as e}from"./ui-BOObAi9T.js";var t={name:`lock`,size:24,node:[[`rect`,{width:`18`,height:`11`,x:`3`,y:`11`,rx:`2`,ry:`2`,key:`1w4ew1`}],[`path`,{d:`M7 11V7a5 5 0 0 1 10 0v4`,key:`fwvmzm`}]]};t.node;var n=e(t);export{n as t};
========
import{_ as e}from"./ui-DgPRoN1P.js";var t={name:`lock`,size:24,node:[[`rect`,{width:`18`,height:`11`,x:`3`,y:`11`,rx:`2`,ry:`2`,key:`1w4ew1`}],[`path`,{d:`M7 11V7a5 5 0 0 1 10 0v4`,key:`fwvmzm`}]]};t.node;var n=e(t);export{n as t};
>>>>>>>> b63bbec (web: face by eye with its features, loupe, overlay slider, normalised fields, phone commands, light and zoom, camera watchdog; nothing cramped):web/dist/assets/lock-Cx_paTcL.js
