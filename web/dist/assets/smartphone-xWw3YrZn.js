<<<<<<<< HEAD:web/dist/assets/smartphone-XpzvQp6a.js
import{_ as e}from"./ui-CuX4y9Bf.js";var t={name:`smartphone`,size:24,node:[[`rect`,{width:`14`,height:`20`,x:`5`,y:`2`,rx:`2`,ry:`2`,key:`1yt0o3`}],[`path`,{d:`M12 18h.01`,key:`mhygvu`}]]};t.node;var n=e(t);export{n as t};
========
import{_ as e}from"./ui-DdN0yS6M.js";var t={name:`smartphone`,size:24,node:[[`rect`,{width:`14`,height:`20`,x:`5`,y:`2`,rx:`2`,ry:`2`,key:`1yt0o3`}],[`path`,{d:`M12 18h.01`,key:`mhygvu`}]]};t.node;var n=e(t);export{n as t};
>>>>>>>> b5da917 (web: the seller's queue, the manager's status and queue; pictures and a test by clicking):web/dist/assets/smartphone-xWw3YrZn.js
