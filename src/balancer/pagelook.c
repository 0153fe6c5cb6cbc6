/* SPDX-License-Identifier: ISC */
/*
 * pagelook.c - one page, whole in itself: nothing is loaded from anywhere.
 * Colours of rows are the original's, since people know them; each has its
 * word beside it, for those who do not see colours.
 */
#include "balancer/pagelook.h"

const char *const lb_pagelook_open =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<link rel=\"icon\" href=\"data:,\">\n<title>";

#define ROW_COLOR(name, color)	"." name "{background:" color "}\n"

const char *const lb_pagelook_style =
    "</title>\n<style>\n"
    ":root{color-scheme:light dark}\n"
    "body{margin:0;font:14px/1.45 system-ui,sans-serif;color:#1d2733;"
    "background:#f6f7f9}\n"
    "header{background:#12324a;color:#fff;padding:.7em 1.2em}\n"
    "h1{font-size:1.25em;margin:0}\n"
    "h2{font-size:1em;margin:0 0 .3em}\n"
    ".who{margin:.1em 0 0;opacity:.85}\n"
    "main{padding:1em 1.2em}\n"
    "a{color:#0b5c8a}\n"
    "a:focus-visible,button:focus-visible,input:focus-visible,"
    "select:focus-visible,.tip:focus-visible{outline:2px solid #d97706;"
    "outline-offset:1px}\n"
    ".top{display:flex;flex-wrap:wrap;gap:1em 3em;margin-bottom:1em}\n"
    ".top p{margin:0}\n"
    "nav ul{margin:.3em 0 0;padding-left:1.2em}\n"
    ".lgd{list-style:none;margin:0;padding:0;columns:2}\n"
    ".lgd li{margin:0 0 .15em;break-inside:avoid;color:#000;"
    "padding:0 .5em;border-radius:3px}\n"
    ".said{padding:.5em .8em;background:#dcf5dc;color:#000;"
    "border-left:4px solid #2c8a2c}\n"
    ".bad{background:#ffe0e0;border-color:#c02020}\n"
    "section{margin-bottom:1.4em}\n"
    ".px a{color:inherit;text-decoration:none;font-size:1.1em}\n"
    ".desc{margin:0 0 .3em}\n"
    ".wide{overflow-x:auto}\n"
    ".tbl{border-collapse:collapse;width:100%;font-size:12px;"
    "font-variant-numeric:tabular-nums}\n"
    ".tbl th,.tbl td{border:1px solid #b9c2cb;padding:2px 5px;"
    "white-space:nowrap}\n"
    ".tbl td{text-align:right}\n"
    ".tbl td.ac,.tbl tbody th{text-align:center}\n"
    ".tbl tbody tr{color:#000}\n"
    ".tbl tbody th{font-weight:600}\n"
    ".tbl tbody th a{color:inherit;text-decoration:none}\n"
    ".tbl thead th{background:#20d0d0;color:#000}\n"
    ".tbl tbody tr:hover{filter:brightness(.95)}\n"
    ".g::after{content:\"\\2009\"}\n"
    ".tip{border:1px solid currentColor;border-radius:50%;padding:0 .4em;"
    "font-size:.8em;cursor:help}\n"
    ".act{margin:.4em 0 0}\n"
    "svg.s{display:block;margin:1px auto 0}\n"
    ".stale{opacity:.45}\n"
    ROW_COLOR("frontend", "#e8e8d0") ROW_COLOR("backend", "#e8e8d0")
    ROW_COLOR("socket", "#d0d0d0") ROW_COLOR("maintain", "#c07820")
    ROW_COLOR("active_up", "#c0ffc0") ROW_COLOR("active_down", "#ff9090")
    ROW_COLOR("active_going_down", "#ffffa0")
    ROW_COLOR("active_going_up", "#ffd020")
    ROW_COLOR("active_no_check", "#e0e0e0")
    ROW_COLOR("active_nolb", "#20a0ff")
    ROW_COLOR("active_draining", "#20a0ff")
    ROW_COLOR("backup_up", "#b0d0ff") ROW_COLOR("backup_down", "#ff9090")
    ROW_COLOR("backup_going_down", "#c060ff")
    ROW_COLOR("backup_going_up", "#ff80ff")
    ROW_COLOR("backup_no_check", "#e0e0e0")
    ROW_COLOR("backup_nolb", "#90b0e0")
    ROW_COLOR("backup_draining", "#cc9900")
    "@media(prefers-color-scheme:dark){body{color:#dbe2ea;"
    "background:#10161d}a{color:#6cb8e8}header{background:#0b2233}"
    ".tbl tbody tr{filter:brightness(.86)}"
    ".tbl tbody tr:hover{filter:none}}\n"
    "@media print{nav,.act,input{display:none}body{background:#fff}}\n"
    "</style></head>\n<body>\n";

const char *const lb_pagelook_legend =
    "<section><h2>Colours</h2><ul class=\"lgd\">\n"
    "<li class=\"active_up\">active UP</li>\n"
    "<li class=\"active_going_down\">active UP, going down</li>\n"
    "<li class=\"active_going_up\">active DOWN, going up</li>\n"
    "<li class=\"active_down\">active or backup DOWN</li>\n"
    "<li class=\"active_no_check\">not checked</li>\n"
    "<li class=\"backup_up\">backup UP</li>\n"
    "<li class=\"backup_going_down\">backup UP, going down</li>\n"
    "<li class=\"backup_going_up\">backup DOWN, going up</li>\n"
    "<li class=\"maintain\">in maintenance (MAINT)</li>\n"
    "<li class=\"active_draining\">active, takes nobody new "
    "(DRAIN, NOLB)</li>\n"
    "<li class=\"backup_draining\">backup, takes nobody new</li>\n"
    "</ul></section>\n";

#define GROUP(n, name)	"<th scope=\"colgroup\" colspan=\"" #n "\">" name "</th>"
#define HEAD(name)	"<th scope=\"col\">" name "</th>"

#define COLUMNS(group, head)						\
    "<thead><tr class=\"titre\"><td rowspan=\"2\"></td>"			\
    "<td rowspan=\"2\"></td>"						\
    GROUP(3, "Queue") GROUP(3, "Session rate") GROUP(6, "Sessions")	\
    GROUP(2, "Bytes") GROUP(2, "Denied") GROUP(3, "Errors")		\
    GROUP(2, "Warnings") GROUP(9, "Server") group			\
    "</tr>\n<tr class=\"titre\">"					\
    HEAD("Cur") HEAD("Max") HEAD("Limit")				\
    HEAD("Cur") HEAD("Max") HEAD("Limit")				\
    HEAD("Cur") HEAD("Max") HEAD("Limit") HEAD("Total") HEAD("LbTot")	\
    HEAD("Last") HEAD("In") HEAD("Out") HEAD("Req") HEAD("Resp")	\
    HEAD("Req") HEAD("Conn") HEAD("Resp") HEAD("Retr") HEAD("Redis")	\
    HEAD("Status") HEAD("LastChk") HEAD("Wght") HEAD("Act") HEAD("Bck")	\
    HEAD("Chk") HEAD("Dwn") HEAD("Dwntme") HEAD("Thrtle") head		\
    "</tr></thead>\n<tbody>\n"

const char *const lb_pagelook_columns[2] = {
	COLUMNS("", ""), COLUMNS(GROUP(1, "Extra modules"), HEAD("ssl"))
};

/*
 * Every few seconds the tables are fetched again, unless somebody fills in
 * a form; a curve of the last hour stands below the sessions of each row.
 */
const char *const lb_pagelook_script =
    "<script>\n"
    "(function(){\n"
    "'use strict';\n"
    "var box=document.getElementById('tables'),curves={};\n"
    "function busy(){\n"
    " var a=document.activeElement;\n"
    " return box.querySelector('input:checked')||\n"
    "  (a&&box.contains(a)&&/^(INPUT|SELECT|BUTTON)$/.test(a.tagName));\n"
    "}\n"
    "function curve(p){\n"
    " var n=p.length,top=Math.max.apply(null,p)||1,s='',i;\n"
    " for(i=0;i<n;i++)\n"
    "  s+=(i*60/Math.max(n-1,1)).toFixed(1)+','+\n"
    "   (11-10*p[i]/top).toFixed(1)+' ';\n"
    " return '<svg class=\"s\" width=\"60\" height=\"12\" role=\"img\" '+\n"
    "  'aria-label=\"last hour, most '+top+'\"><polyline fill=\"none\" '+\n"
    "  'stroke=\"currentColor\" points=\"'+s+'\"/></svg>';\n"
    "}\n"
    "var places={scur:8,rate:5,bin:14,bout:15,qcur:2,check_duration:24};\n"
    "function draw(){\n"
    " box.querySelectorAll('tbody tr').forEach(function(tr){\n"
    "  var a=tr.querySelector('th a'),c=a&&curves[a.id],k,td;\n"
    "  for(k in c||{}){\n"
    "   td=tr.children[places[k]];\n"
    "   if(td&&c[k].length>1&&Math.max.apply(null,c[k])>0&&\n"
    "    !td.querySelector('svg'))\n"
    "    td.insertAdjacentHTML('beforeend',curve(c[k]));\n"
    "  }\n"
    " });\n"
    "}\n"
    "function ask(more){\n"
    " var u=location.href.replace(/#.*/,'').replace(/;st=[A-Z]*/,'');\n"
    " return fetch(u+more,{cache:'no-store',credentials:'same-origin'})\n"
    "  .then(function(r){if(!r.ok)throw r.status;return r;});\n"
    "}\n"
    "function refresh(){\n"
    " if(document.hidden||busy())return;\n"
    " ask('').then(function(r){return r.text();}).then(function(t){\n"
    "  var d=new DOMParser().parseFromString(t,'text/html'),\n"
    "   n=d.getElementById('tables');\n"
    "  if(!n||busy())return;\n"
    "  box.innerHTML=n.innerHTML;\n"
    "  box.classList.remove('stale');\n"
    "  draw();\n"
    " }).catch(function(){box.classList.add('stale');});\n"
    "}\n"
    "function look_back(){\n"
    " if(document.hidden)return;\n"
    " ask(';history').then(function(r){return r.json();})\n"
    "  .then(function(j){curves=j;draw();}).catch(function(){});\n"
    "}\n"
    "setInterval(refresh,5000);\n"
    "setInterval(look_back,30000);\n"
    "look_back();\n"
    "})();\n"
    "</script>\n";
