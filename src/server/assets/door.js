// Sends the PIN and goes to the page that was asked for, or to the front page; says in words why it was not let in.
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  $("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = document.querySelector("button");
    button.disabled = true;
    $("say").textContent = "";
    try {
      const answer = await fetch("/api/v1/operator/session", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ pin: $("pin").value }),
      });
      // A path of this program's own, never another host's.
      const asked = location.hash.slice(1);
      if (answer.ok) return location.replace(/^\/(?![/\\])/.test(asked) ? asked : "/");
      const sentence = (await answer.json()).detail;
      $("say").textContent = sentence.charAt(0).toUpperCase() + sentence.slice(1) + ".";
    } catch {
      $("say").textContent = "The program does not answer.";
    }
    button.disabled = false;
    $("pin").select();
  });
})();
