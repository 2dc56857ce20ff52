import "@fontsource-variable/bricolage-grotesque/wght.css";
import "./app.css";

import { mount } from "svelte";

import App from "./App.svelte";

const target = document.getElementById("app")!;

// The pages of operators and creators come when they are asked for: viewers never load them.
if (/^\/operator(\/|$)/.test(location.pathname)) {
  void import("./operator/Operator.svelte").then(({ default: Operator }) => mount(Operator, { target }));
} else if (/^\/studio(\/|$)/.test(location.pathname)) {
  void import("./studio/Studio.svelte").then(({ default: Studio }) => mount(Studio, { target }));
} else mount(App, { target });
