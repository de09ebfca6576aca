import "./style.css";
import { App } from "./app";

document.querySelector(".starting")?.remove();
const app = new App(document.body);
app.start().catch((error: unknown) => {
  app.say(error instanceof Error ? error.message : String(error));
});
// For tests and for people who look under the bonnet; nothing of the page uses it.
Object.defineProperty(window, "skywitness", { value: app });
