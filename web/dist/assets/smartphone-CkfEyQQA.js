<<<<<<<< HEAD:web/dist/assets/smartphone-CkfEyQQA.js
import{_ as e}from"./ui-CdR9igU0.js";var t={name:`smartphone`,size:24,node:[[`rect`,{width:`14`,height:`20`,x:`5`,y:`2`,rx:`2`,ry:`2`,key:`1yt0o3`}],[`path`,{d:`M12 18h.01`,key:`mhygvu`}]]};t.node;var n=e(t);export{n as t};
========
import{_ as e}from"./ui-DMkPwpjq.js";var t={name:`smartphone`,size:24,node:[[`rect`,{width:`14`,height:`20`,x:`5`,y:`2`,rx:`2`,ry:`2`,key:`1yt0o3`}],[`path`,{d:`M12 18h.01`,key:`mhygvu`}]]};t.node;var n=e(t);export{n as t};
>>>>>>>> 1551a57 (rooms, signaling, mail: who called off books again; rooms found over REST; mails that are off are noted so):web/dist/assets/smartphone-B1ofTztk.js
