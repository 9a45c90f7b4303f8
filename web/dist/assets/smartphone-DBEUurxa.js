<<<<<<<< HEAD:web/dist/assets/smartphone-B2e3h5OL.js
import{_ as e}from"./ui-BOObAi9T.js";var t={name:`smartphone`,size:24,node:[[`rect`,{width:`14`,height:`20`,x:`5`,y:`2`,rx:`2`,ry:`2`,key:`1yt0o3`}],[`path`,{d:`M12 18h.01`,key:`mhygvu`}]]};t.node;var n=e(t);export{n as t};
========
import{_ as e}from"./ui-DgPRoN1P.js";var t={name:`smartphone`,size:24,node:[[`rect`,{width:`14`,height:`20`,x:`5`,y:`2`,rx:`2`,ry:`2`,key:`1yt0o3`}],[`path`,{d:`M12 18h.01`,key:`mhygvu`}]]};t.node;var n=e(t);export{n as t};
>>>>>>>> b63bbec (web: face by eye with its features, loupe, overlay slider, normalised fields, phone commands, light and zoom, camera watchdog; nothing cramped):web/dist/assets/smartphone-DBEUurxa.js
