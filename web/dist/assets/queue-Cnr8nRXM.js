<<<<<<<< HEAD:web/dist/assets/queue-BW2__O8F.js
import{Q as e,T as t,Z as n}from"./seller-DK21hvOg.js";function r(t=1e3){let[r,i]=n(Date.now());return e(()=>{let e=setInterval(()=>i(Date.now()),t);return()=>clearInterval(e)},[t]),r}function i(e){return e<0?t(`queue.waitUnknown`):e===0?t(`queue.waitNow`):t(`queue.waitMinutes`,{count:e})}function a(e){return e<=1?t(`queue.next`):t(`queue.number`,{place:e})}export{i as n,r,a as t};
========
import{Q as e,T as t,Z as n}from"./seller-DSWpxjC0.js";function r(t=1e3){let[r,i]=n(Date.now());return e(()=>{let e=setInterval(()=>i(Date.now()),t);return()=>clearInterval(e)},[t]),r}function i(e){return e<0?t(`queue.waitUnknown`):e===0?t(`queue.waitNow`):t(`queue.waitMinutes`,{count:e})}function a(e){return e<=1?t(`queue.next`):t(`queue.number`,{place:e})}export{i as n,r,a as t};
>>>>>>>> 9c49ae3 (web: the question before an appointment is called off has its own layout):web/dist/assets/queue-Cnr8nRXM.js
