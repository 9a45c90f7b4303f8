<<<<<<<< HEAD:web/dist/assets/zoom-in-Cg9J18Z9.js
import{h as e}from"./ui-CWLDmBUG.js";var t={name:`zoom-in`,size:24,node:[[`circle`,{cx:`11`,cy:`11`,r:`8`,key:`4ej97u`}],[`line`,{x1:`21`,x2:`16.65`,y1:`21`,y2:`16.65`,key:`13gj7c`}],[`line`,{x1:`11`,x2:`11`,y1:`8`,y2:`14`,key:`1vmskp`}],[`line`,{x1:`8`,x2:`14`,y1:`11`,y2:`11`,key:`durymu`}]]};t.node;var n=e(t);export{n as t};
========
import{h as e}from"./ui-Jg-lMyCA.js";var t={name:`zoom-in`,size:24,node:[[`circle`,{cx:`11`,cy:`11`,r:`8`,key:`4ej97u`}],[`line`,{x1:`21`,x2:`16.65`,y1:`21`,y2:`16.65`,key:`13gj7c`}],[`line`,{x1:`11`,x2:`11`,y1:`8`,y2:`14`,key:`1vmskp`}],[`line`,{x1:`8`,x2:`14`,y1:`11`,y2:`11`,key:`durymu`}]]};t.node;var n=e(t);export{n as t};
>>>>>>>> bb54cc7 (web: another look and another call on the result page, appeals in the auditor's worklist and desk; what is compared and until when among the kept; texts of late parts in the page's language):web/dist/assets/zoom-in-BLTygwyI.js
