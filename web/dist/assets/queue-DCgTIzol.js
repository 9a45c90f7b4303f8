<<<<<<<< HEAD:web/dist/assets/queue-DCgTIzol.js
import{T as e,et as t,tt as n}from"./seller-l2wAHBdc.js";function r(e=1e3){let[r,i]=t(Date.now());return n(()=>{let t=setInterval(()=>i(Date.now()),e);return()=>clearInterval(t)},[e]),r}function i(t){return t<0?e(`queue.waitUnknown`):t===0?e(`queue.waitNow`):e(`queue.waitMinutes`,{count:t})}function a(t){return t<=1?e(`queue.next`):e(`queue.number`,{place:t})}export{i as n,r,a as t};
========
import{T as e,et as t,tt as n}from"./seller-tkgL2dH4.js";function r(e=1e3){let[r,i]=t(Date.now());return n(()=>{let t=setInterval(()=>i(Date.now()),e);return()=>clearInterval(t)},[e]),r}function i(t){return t<0?e(`queue.waitUnknown`):t===0?e(`queue.waitNow`):e(`queue.waitMinutes`,{count:t})}function a(t){return t<=1?e(`queue.next`):e(`queue.number`,{place:t})}export{i as n,r,a as t};
>>>>>>>> 01b6c9a (web: built pages):web/dist/assets/queue-DkWj3eim.js
