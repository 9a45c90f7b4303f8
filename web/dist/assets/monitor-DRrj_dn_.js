<<<<<<<< HEAD:web/dist/assets/monitor-DRrj_dn_.js
import{_ as e}from"./ui-CdR9igU0.js";var t={name:`monitor`,size:24,node:[[`rect`,{width:`20`,height:`14`,x:`2`,y:`3`,rx:`2`,key:`48i651`}],[`line`,{x1:`8`,x2:`16`,y1:`21`,y2:`21`,key:`1svkeh`}],[`line`,{x1:`12`,x2:`12`,y1:`17`,y2:`21`,key:`vw1qmm`}]]};t.node;var n=e(t);export{n as t};
========
import{_ as e}from"./ui-DMkPwpjq.js";var t={name:`monitor`,size:24,node:[[`rect`,{width:`20`,height:`14`,x:`2`,y:`3`,rx:`2`,key:`48i651`}],[`line`,{x1:`8`,x2:`16`,y1:`21`,y2:`21`,key:`1svkeh`}],[`line`,{x1:`12`,x2:`12`,y1:`17`,y2:`21`,key:`vw1qmm`}]]};t.node;var n=e(t);export{n as t};
>>>>>>>> 1551a57 (rooms, signaling, mail: who called off books again; rooms found over REST; mails that are off are noted so):web/dist/assets/monitor-fb0cKfo9.js
