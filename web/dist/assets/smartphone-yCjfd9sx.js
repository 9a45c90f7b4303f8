<<<<<<<< HEAD:web/dist/assets/smartphone-C4NbEdGk.js
import{_ as e}from"./ui-Bev-ibyp.js";var t={name:`smartphone`,size:24,node:[[`rect`,{width:`14`,height:`20`,x:`5`,y:`2`,rx:`2`,ry:`2`,key:`1yt0o3`}],[`path`,{d:`M12 18h.01`,key:`mhygvu`}]]};t.node;var n=e(t);export{n as t};
========
import{_ as e}from"./ui-C2zUXgjf.js";var t={name:`smartphone`,size:24,node:[[`rect`,{width:`14`,height:`20`,x:`5`,y:`2`,rx:`2`,ry:`2`,key:`1yt0o3`}],[`path`,{d:`M12 18h.01`,key:`mhygvu`}]]};t.node;var n=e(t);export{n as t};
>>>>>>>> c7dc686 (recorder/spool, calls: parts wait bounded while the store is away, also on a node that is alone, and operators see it):web/dist/assets/smartphone-yCjfd9sx.js
