<<<<<<<< HEAD:web/dist/assets/triangle-alert-CDj_xwML.js
import{_ as e}from"./ui-BOObAi9T.js";var t={name:`triangle-alert`,size:24,node:[[`path`,{d:`m21.73 18-8-14a2 2 0 0 0-3.48 0l-8 14A2 2 0 0 0 4 21h16a2 2 0 0 0 1.73-3`,key:`wmoenq`}],[`path`,{d:`M12 9v4`,key:`juzpu7`}],[`path`,{d:`M12 17h.01`,key:`p32p05`}]],aliases:[`alert-triangle`]};t.node;var n=e(t);export{n as t};
========
import{_ as e}from"./ui-DgPRoN1P.js";var t={name:`triangle-alert`,size:24,node:[[`path`,{d:`m21.73 18-8-14a2 2 0 0 0-3.48 0l-8 14A2 2 0 0 0 4 21h16a2 2 0 0 0 1.73-3`,key:`wmoenq`}],[`path`,{d:`M12 9v4`,key:`juzpu7`}],[`path`,{d:`M12 17h.01`,key:`p32p05`}]],aliases:[`alert-triangle`]};t.node;var n=e(t);export{n as t};
>>>>>>>> b63bbec (web: face by eye with its features, loupe, overlay slider, normalised fields, phone commands, light and zoom, camera watchdog; nothing cramped):web/dist/assets/triangle-alert-D5DcYCUh.js
