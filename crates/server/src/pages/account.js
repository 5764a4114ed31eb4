// Sends what a mail's link holds to the API, when a person says so. The token stands behind the # and goes nowhere else.
const token = new URLSearchParams(location.hash.slice(1)).get("token");
history.replaceState(null, "", location.pathname);

const say = (text) => { document.querySelector("output").textContent = text; };

async function post(path, body, bearer) {
  const headers = { "content-type": "application/json" };
  if (bearer) headers.authorization = `Bearer ${bearer}`;
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await answer.text();
  const json = text ? JSON.parse(text) : {};
  if (answer.ok) return json;
  const errors = (json.errors || []).map((error) => `${error.field}: ${error.message}`).join("; ");
  throw Object.assign(new Error(errors || json.detail || "It did not work."), { code: json.code });
}

const acts = {
  "verify-email": { fields: [], send: () => post("/api/v1/auth/verify-email", { token }), done: "Your address is confirmed." },
  "confirm-email": { fields: [], send: () => post("/api/v1/auth/confirm-email", { token }), done: "Your account has this address now." },
  "reset-password": {
    fields: ["password"],
    send: ({ password }) => post("/api/v1/auth/reset-password", { token, password }),
    done: "The new password holds. Log in with it.",
  },
  "forgot-password": {
    fields: ["email"],
    send: ({ email }) => post("/api/v1/auth/forgot-password", { email }),
    done: "A mail is on its way.",
  },
  "accept-invitation": {
    fields: ["password", "code"],
    async send({ password, code }) {
      const invitation = await post("/api/v1/invitations/look", { token });
      if (!invitation.account_exists) return post("/api/v1/invitations/accept", { token, password });
      const login = { email: invitation.email, password };
      if (code) login.code = code;
      const session = await post("/api/v1/auth/login", login);
      return post("/api/v1/invitations/accept", { token }, session.access_token);
    },
    done: "You work there from now on. Log in with your account.",
  },
};

const act = acts[location.pathname.split("/").pop()];
for (const label of document.querySelectorAll("label")) label.hidden = !act.fields.includes(label.htmlFor);
document.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = document.querySelector("button");
  button.disabled = true;
  say("");
  try {
    await act.send(Object.fromEntries(new FormData(event.target)));
    event.target.hidden = true;
    say(act.done);
  } catch (error) {
    say(error.message);
    button.disabled = false;
  }
});
