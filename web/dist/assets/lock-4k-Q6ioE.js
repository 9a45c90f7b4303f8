<<<<<<<< HEAD:web/dist/assets/lock-qWvtNAnb.js
import{h as e}from"./ui-_9kgDoK9.js";var t={name:`lock`,size:24,node:[[`rect`,{width:`18`,height:`11`,x:`3`,y:`11`,rx:`2`,ry:`2`,key:`1w4ew1`}],[`path`,{d:`M7 11V7a5 5 0 0 1 10 0v4`,key:`fwvmzm`}]]};t.node;var n=e(t);export{n as t};
========
import{h as e}from"./ui-DmMTbk16.js";var t={name:`lock`,size:24,node:[[`rect`,{width:`18`,height:`11`,x:`3`,y:`11`,rx:`2`,ry:`2`,key:`1w4ew1`}],[`path`,{d:`M7 11V7a5 5 0 0 1 10 0v4`,key:`fwvmzm`}]]};t.node;var n=e(t);export{n as t};
>>>>>>>> b53e242 (web: staff's consoles at 1280 in German; scripts/soak: the console's memory):web/dist/assets/lock-4k-Q6ioE.js
