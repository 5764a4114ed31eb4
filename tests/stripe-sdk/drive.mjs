// Drives a Stripe sandbox with Stripe's official SDK: node drive.mjs SANDBOX_URL SECRET_KEY

import assert from "node:assert/strict";
import { createServer } from "node:http";
import Stripe from "stripe";

const [base, key] = process.argv.slice(2);
if (!base || !key) {
  console.error("usage: node drive.mjs SANDBOX_URL SECRET_KEY");
  process.exit(2);
}
const { hostname: host, port } = new URL(base);
const stripe = new Stripe(key, { host, port, protocol: "http", maxNetworkRetries: 0, telemetry: false });
const redirects = { automatic_payment_methods: { enabled: true, allow_redirects: "never" } };

/** A webhook receiver that keeps what it gets, byte for byte. */
async function receiver() {
  const got = [];
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      got.push({ signature: request.headers["stripe-signature"], body: Buffer.concat(chunks) });
      response.end();
    });
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address();
  const wait = async (wanted) => {
    const until = Date.now() + 10_000;
    for (;;) {
      const found = got.find(({ body }) => wanted(JSON.parse(body)));
      if (found) return found;
      assert.ok(Date.now() < until, "the webhook did not arrive");
      await new Promise((later) => setTimeout(later, 20));
    }
  };
  return { url: `http://127.0.0.1:${port}/hook`, wait, close: () => server.close() };
}

async function refused(promise, kind, fields) {
  const error = await promise.then(
    () => assert.fail(`expected ${kind.name}`),
    (error) => error,
  );
  assert.ok(error instanceof kind, `${error.constructor.name} (${error.message}) is not ${kind.name}`);
  for (const [name, value] of Object.entries(fields)) assert.equal(error[name], value, name);
  return error;
}

async function author(intent, outcome) {
  const page = intent.next_action.redirect_to_url?.url ?? intent.next_action.use_stripe_sdk.stripe_js;
  assert.match(await (await fetch(page)).text(), /Complete/);
  const answer = await fetch(page, { method: "POST", body: new URLSearchParams({ outcome }) });
  assert.equal(answer.status, 200);
}

const tests = {
  async "customers live and die"() {
    const made = await stripe.customers.create({ email: "a@example.com", name: "Ä", metadata: { shop: "7" } });
    const changed = await stripe.customers.update(made.id, { metadata: { shop: "", other: "x" } });
    assert.deepEqual(changed.metadata, { other: "x" });
    const listed = await stripe.customers.list({ limit: 1, email: "a@example.com" });
    assert.equal(listed.data[0].id, made.id);
    assert.equal((await stripe.customers.del(made.id)).deleted, true);
    assert.equal((await stripe.customers.retrieve(made.id)).deleted, true);
  },

  async "a card pays at once"() {
    const intent = await stripe.paymentIntents.create({
      amount: 1999, currency: "eur", payment_method: "pm_card_visa", confirm: true, ...redirects,
      metadata: { order: "1" },
    });
    assert.equal(intent.status, "succeeded");
    assert.equal(intent.amount_received, 1999);
    const charge = await stripe.charges.retrieve(intent.latest_charge);
    assert.equal(charge.paid, true);
    assert.equal(charge.payment_method_details.card.last4, "4242");
  },

  async "confirming comes after creating"() {
    const intent = await stripe.paymentIntents.create({ amount: 500, currency: "usd" });
    assert.equal(intent.status, "requires_payment_method");
    const updated = await stripe.paymentIntents.update(intent.id, { amount: 600, payment_method: "pm_card_visa" });
    assert.equal(updated.status, "requires_confirmation");
    const paid = await stripe.paymentIntents.confirm(intent.id);
    assert.deepEqual([paid.status, paid.amount_received], ["succeeded", 600]);
  },

  async "a declined card is a card error"() {
    const intent = await stripe.paymentIntents.create({ amount: 500, currency: "usd" });
    const confirm = stripe.paymentIntents.confirm(intent.id, { payment_method: "pm_card_visa_chargeDeclined" });
    const error = await refused(confirm, Stripe.errors.StripeCardError, {
      code: "card_declined", decline_code: "generic_decline", statusCode: 402,
    });
    assert.equal(error.payment_intent.status, "requires_payment_method");
    const after = await stripe.paymentIntents.retrieve(intent.id);
    assert.equal(after.last_payment_error.decline_code, "generic_decline");
    assert.equal((await stripe.paymentIntents.confirm(intent.id, { payment_method: "pm_card_visa" })).status, "succeeded");
  },

  async "insufficient funds by card number"() {
    const create = stripe.paymentIntents.create({
      amount: 500, currency: "usd", confirm: true, ...redirects,
      payment_method_data: { type: "card", card: { number: "4000000000009995", exp_month: 1, exp_year: 2035 } },
    });
    await refused(create, Stripe.errors.StripeCardError, { decline_code: "insufficient_funds" });
  },

  async "3-D Secure, completed"() {
    const intent = await stripe.paymentIntents.create({
      amount: 500, currency: "eur", confirm: true, payment_method: "pm_card_threeDSecure2Required",
      return_url: "http://shop.example/back",
    });
    assert.deepEqual([intent.status, intent.next_action.type], ["requires_action", "redirect_to_url"]);
    await author(intent, "complete");
    assert.equal((await stripe.paymentIntents.retrieve(intent.id)).status, "succeeded");
  },

  async "3-D Secure, failed"() {
    const intent = await stripe.paymentIntents.create({
      amount: 500, currency: "eur", confirm: true, payment_method: "pm_card_authenticationRequired", ...redirects,
    });
    assert.deepEqual([intent.status, intent.next_action.type], ["requires_action", "use_stripe_sdk"]);
    await author(intent, "fail");
    const after = await stripe.paymentIntents.retrieve(intent.id);
    assert.equal(after.status, "requires_payment_method");
    assert.equal(after.last_payment_error.code, "payment_intent_authentication_failure");
  },

  async "authorise now, capture later"() {
    const intent = await stripe.paymentIntents.create({
      amount: 900, currency: "eur", capture_method: "manual", confirm: true, payment_method: "pm_card_visa", ...redirects,
    });
    assert.deepEqual([intent.status, intent.amount_capturable], ["requires_capture", 900]);
    const tooMuch = stripe.paymentIntents.capture(intent.id, { amount_to_capture: 901 });
    await refused(tooMuch, Stripe.errors.StripeInvalidRequestError, { code: "amount_too_large" });
    const captured = await stripe.paymentIntents.capture(intent.id, { amount_to_capture: 400 });
    assert.deepEqual([captured.status, captured.amount_received], ["succeeded", 400]);
    const refund = stripe.refunds.create({ payment_intent: intent.id, amount: 401 });
    await refused(refund, Stripe.errors.StripeInvalidRequestError, { code: "amount_too_large" });
  },

  async "cancelling, and not twice"() {
    const intent = await stripe.paymentIntents.create({ amount: 500, currency: "usd" });
    const gone = await stripe.paymentIntents.cancel(intent.id, { cancellation_reason: "abandoned" });
    assert.deepEqual([gone.status, gone.cancellation_reason], ["canceled", "abandoned"]);
    const again = stripe.paymentIntents.cancel(intent.id);
    const error = await refused(again, Stripe.errors.StripeInvalidRequestError, {
      code: "payment_intent_unexpected_state", statusCode: 400,
    });
    assert.equal(error.payment_intent.id, intent.id);
  },

  async "search finds by metadata, page by page"() {
    const order = `o-${Date.now()}`;
    for (let at = 0; at < 3; at += 1) {
      await stripe.paymentIntents.create({ amount: 100 + at, currency: "eur", metadata: { order } });
    }
    const found = await stripe.paymentIntents
      .search({ query: `metadata['order']:'${order}'`, limit: 2 })
      .autoPagingToArray({ limit: 10 });
    assert.deepEqual(found.map(({ amount }) => amount), [102, 101, 100]);
    const listed = await stripe.paymentIntents.list({ limit: 2 }).autoPagingToArray({ limit: 3 });
    assert.equal(listed.length, 3);
  },

  async "refunds add up"() {
    const intent = await stripe.paymentIntents.create({
      amount: 1000, currency: "eur", payment_method: "pm_card_visa", confirm: true, ...redirects,
    });
    const first = await stripe.refunds.create({ payment_intent: intent.id, amount: 400, metadata: { line: "1" } });
    assert.equal(first.status, "succeeded");
    const rest = await stripe.refunds.create({ payment_intent: intent.id });
    assert.equal(rest.amount, 600);
    const more = stripe.refunds.create({ payment_intent: intent.id });
    await refused(more, Stripe.errors.StripeInvalidRequestError, { code: "charge_already_refunded" });
    assert.equal((await stripe.refunds.list({ payment_intent: intent.id })).data.length, 2);
    assert.equal((await stripe.refunds.retrieve(first.id)).metadata.line, "1");
    assert.equal((await stripe.charges.retrieve(intent.latest_charge)).refunded, true);
  },

  async "idempotency keys replay, and refuse other parameters"() {
    const idempotencyKey = `key-${Date.now()}`;
    const one = await stripe.paymentIntents.create({ amount: 500, currency: "eur" }, { idempotencyKey });
    const two = await stripe.paymentIntents.create({ amount: 500, currency: "eur" }, { idempotencyKey });
    assert.equal(one.id, two.id);
    assert.equal(two.lastResponse.headers["idempotent-replayed"], "true");
    const other = stripe.paymentIntents.create({ amount: 501, currency: "eur" }, { idempotencyKey });
    await refused(other, Stripe.errors.StripeIdempotencyError, { statusCode: 400 });
  },

  async "accounts do not see each other"() {
    const stripeAccount = "acct_one";
    const intent = await stripe.paymentIntents.create(
      { amount: 500, currency: "eur", application_fee_amount: 50 }, { stripeAccount },
    );
    const elsewhere = [undefined, { stripeAccount: "acct_two" }];
    for (const options of elsewhere) {
      const look = stripe.paymentIntents.retrieve(intent.id, {}, options);
      await refused(look, Stripe.errors.StripeInvalidRequestError, { code: "resource_missing", statusCode: 404 });
    }
    assert.equal((await stripe.paymentIntents.retrieve(intent.id, {}, { stripeAccount })).id, intent.id);
  },

  async "errors have their classes"() {
    const { StripeInvalidRequestError: Invalid, StripeAuthenticationError } = Stripe.errors;
    await refused(stripe.paymentIntents.create({ amount: 0, currency: "eur" }), Invalid, { param: "amount" });
    await refused(stripe.paymentIntents.create({ amount: 5, currency: "zzz" }), Invalid, { param: "currency" });
    await refused(stripe.paymentIntents.create({ amount: 5 }), Invalid, { code: "parameter_missing" });
    const unknown = stripe.paymentIntents.create({ amount: 5, currency: "eur", colour: "red" });
    await refused(unknown, Invalid, { code: "parameter_unknown", param: "colour" });
    const stranger = new Stripe("sk_test_wrong", { host, port, protocol: "http", maxNetworkRetries: 0 });
    await refused(stranger.customers.list(), StripeAuthenticationError, { statusCode: 401 });
  },

  async "webhooks carry signatures the SDK accepts"() {
    const hook = await receiver();
    const endpoint = await stripe.webhookEndpoints.create({ url: hook.url, enabled_events: ["payment_intent.succeeded"] });
    const intent = await stripe.paymentIntents.create({
      amount: 700, currency: "eur", payment_method: "pm_card_visa", confirm: true, ...redirects,
    });
    const { body, signature } = await hook.wait(({ data }) => data.object.id === intent.id);
    const event = stripe.webhooks.constructEvent(body, signature, endpoint.secret);
    assert.deepEqual([event.type, event.data.object.amount_received], ["payment_intent.succeeded", 700]);
    assert.throws(
      () => stripe.webhooks.constructEvent(body, signature, "whsec_other"),
      Stripe.errors.StripeSignatureVerificationError,
    );
    assert.equal((await stripe.events.retrieve(event.id)).id, event.id);
    const listed = await stripe.events.list({ type: "payment_intent.*", limit: 5 });
    assert.ok(listed.data.some(({ id }) => id === event.id));
    assert.ok((await stripe.webhookEndpoints.list()).data.some(({ id }) => id === endpoint.id));
    assert.equal((await stripe.webhookEndpoints.del(endpoint.id)).deleted, true);
    hook.close();
  },

  async "a subscription lives by a test clock"() {
    const start = 1767268800;
    const day = 24 * 60 * 60;
    const product = await stripe.products.create({ name: "Growth" });
    const [basic, pro] = await Promise.all([1000, 3000].map((unit_amount) => stripe.prices.create({
      product: product.id, currency: "eur", unit_amount, recurring: { interval: "month" },
    })));
    const clock = await stripe.testHelpers.testClocks.create({ frozen_time: start });
    const customer = await stripe.customers.create({ email: "a@example.com", test_clock: clock.id });
    const card = await stripe.paymentMethods.attach("pm_card_visa", { customer: customer.id });
    const made = await stripe.subscriptions.create({
      customer: customer.id, items: [{ price: basic.id }], default_payment_method: card.id, trial_period_days: 7,
      expand: ["latest_invoice", "customer"],
    });
    assert.deepEqual([made.status, made.latest_invoice.status, made.customer.id], ["trialing", "paid", customer.id]);
    await stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: start + 8 * day });
    while ((await stripe.testHelpers.testClocks.retrieve(clock.id)).status !== "ready") {
      await new Promise((later) => setTimeout(later, 10));
    }
    const item = { id: made.items.data[0].id, price: pro.id };
    const preview = await stripe.invoices.createPreview({
      subscription: made.id, subscription_details: { items: [item], proration_behavior: "always_invoice" },
    });
    const changed = await stripe.subscriptions.update(made.id, { items: [item], proration_behavior: "always_invoice" });
    const invoice = await stripe.invoices.retrieve(changed.latest_invoice, { expand: ["payments"] });
    assert.deepEqual([invoice.status, invoice.total, preview.total], ["paid", preview.total, invoice.amount_paid]);
    assert.equal(invoice.parent.subscription_details.subscription, made.id);
    assert.equal((await stripe.subscriptions.cancel(made.id)).status, "canceled");
    const invoices = await stripe.invoices.list({ subscription: made.id }).autoPagingToArray({ limit: 10 });
    assert.equal(invoices.length, 3);
  },

  async "a checkout page is paid, and the portal opens"() {
    const product = await stripe.products.create({ name: "Basic" });
    const price = await stripe.prices.create({
      product: product.id, currency: "eur", unit_amount: 900, recurring: { interval: "month" },
    });
    const session = await stripe.checkout.sessions.create({
      mode: "subscription", line_items: [{ price: price.id, quantity: 1 }], client_reference_id: "7",
      success_url: "http://souk.example/done", cancel_url: "http://souk.example/back",
    });
    const form = new URLSearchParams({ card: "4242 4242 4242 4242", email: "a@example.com" });
    assert.equal((await fetch(session.url, { method: "POST", body: form })).status, 200);
    const done = await stripe.checkout.sessions.retrieve(session.id, { expand: ["subscription", "line_items"] });
    assert.deepEqual([done.status, done.payment_status, done.subscription.status], ["complete", "paid", "active"]);
    const portal = await stripe.billingPortal.sessions.create({ customer: done.customer, return_url: "http://souk.example/" });
    assert.match(await (await fetch(portal.url)).text(), /Subscription: active/);
  },

  async "usage is reported once, and accounts are set up"() {
    const meter = await stripe.billing.meters.create({
      display_name: "Orders", event_name: "orders", default_aggregation: { formula: "sum" },
    });
    const customer = await stripe.customers.create({});
    const event = {
      event_name: "orders", identifier: "once", payload: { stripe_customer_id: customer.id, value: "7" },
    };
    await stripe.billing.meterEvents.create(event);
    await refused(stripe.billing.meterEvents.create(event), Stripe.errors.StripeInvalidRequestError, { statusCode: 400 });
    const start = Math.floor(Date.now() / 60_000) * 60 - 60;
    const sums = await stripe.billing.meters.listEventSummaries(meter.id, {
      customer: customer.id, start_time: start, end_time: start + 180,
    });
    assert.equal(sums.data[0].aggregated_value, 7);
    const account = await stripe.accounts.create({ type: "express", country: "DE" });
    const link = await stripe.accountLinks.create({
      account: account.id, type: "account_onboarding", refresh_url: "http://souk.example/", return_url: "http://souk.example/",
    });
    await fetch(link.url, { method: "POST", body: new URLSearchParams({ outcome: "complete" }) });
    assert.equal((await stripe.accounts.retrieve(account.id)).charges_enabled, true);
  },
};

let passed = 0;
let failed = 0;
for (const [name, run] of Object.entries(tests)) {
  try {
    await run();
    passed += 1;
  } catch (error) {
    failed += 1;
    console.error(`FAILED ${name}\n${error.stack}`);
  }
}
console.log(`${passed} passed${failed ? `, ${failed} failed` : ""}`);
process.exit(failed ? 1 : 0);
