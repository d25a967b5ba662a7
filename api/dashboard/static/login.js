import { post } from "./client.js";
import { el, note } from "./dom.js";

// Resolves when the owner has signed in.
export function login(place) {
  return new Promise((resolve) => {
    const token = el("input", { type: "password", required: true, autocomplete: "current-password", name: "token" });
    const button = el("button", { className: "main", type: "submit" }, "Sign in");
    const told = el("div");

    async function submit(event) {
      event.preventDefault();
      button.disabled = true;
      try {
        await post("login", { token: token.value.trim() });
        resolve();
      } catch (error) {
        told.replaceChildren(note(error.message, "bad"));
        token.select();
      } finally {
        button.disabled = false;
      }
    }

    const form = el("form", { onsubmit: submit }, el("label", {}, "Admin token", token), button);
    const hint = el(
      "p",
      { className: "soft" },
      "It was shown when the gateway first started, and stands in the file ",
      el("code", {}, "auth_profiles/admin_token"),
      " on its machine, unless the settings say otherwise.",
    );
    place.replaceChildren(
      el("section", { className: "card login" }, el("h2", {}, "Sign in as admin"), told, form, hint),
    );
    token.focus();
  });
}
