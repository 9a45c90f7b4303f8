<<<<<<<< HEAD:web/dist/assets/circle-check-CniSHJsC.js
import{_ as e}from"./ui-BOObAi9T.js";var t={name:`circle-check`,size:24,node:[[`circle`,{cx:`12`,cy:`12`,r:`10`,key:`1mglay`}],[`path`,{d:`m16 9-5.5 5.5L8 12`,key:`xofnsj`}]],aliases:[`check-circle-2`]};t.node;var n=e(t);export{n as t};
========
import{_ as e}from"./ui-DgPRoN1P.js";var t={name:`circle-check`,size:24,node:[[`circle`,{cx:`12`,cy:`12`,r:`10`,key:`1mglay`}],[`path`,{d:`m16 9-5.5 5.5L8 12`,key:`xofnsj`}]],aliases:[`check-circle-2`]};t.node;var n=e(t);export{n as t};
>>>>>>>> b63bbec (web: face by eye with its features, loupe, overlay slider, normalised fields, phone commands, light and zoom, camera watchdog; nothing cramped):web/dist/assets/circle-check-CzOQ6C2V.js
