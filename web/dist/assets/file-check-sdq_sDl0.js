<<<<<<<< HEAD:web/dist/assets/file-check-sdq_sDl0.js
import{_ as e}from"./ui-BOObAi9T.js";var t={name:`file-check`,size:24,node:[[`path`,{d:`M6 22a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2h8a2.4 2.4 0 0 1 1.704.706l3.588 3.588A2.4 2.4 0 0 1 20 8v12a2 2 0 0 1-2 2z`,key:`1oefj6`}],[`path`,{d:`M14 2v5a1 1 0 0 0 1 1h5`,key:`wfsgrz`}],[`path`,{d:`m9 15 2 2 4-4`,key:`1grp1n`}]]};t.node;var n=e(t);export{n as t};
========
import{_ as e}from"./ui-DgPRoN1P.js";var t={name:`file-check`,size:24,node:[[`path`,{d:`M6 22a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2h8a2.4 2.4 0 0 1 1.704.706l3.588 3.588A2.4 2.4 0 0 1 20 8v12a2 2 0 0 1-2 2z`,key:`1oefj6`}],[`path`,{d:`M14 2v5a1 1 0 0 0 1 1h5`,key:`wfsgrz`}],[`path`,{d:`m9 15 2 2 4-4`,key:`1grp1n`}]]};t.node;var n=e(t);export{n as t};
>>>>>>>> b63bbec (web: face by eye with its features, loupe, overlay slider, normalised fields, phone commands, light and zoom, camera watchdog; nothing cramped):web/dist/assets/file-check-yAUDGoqE.js
