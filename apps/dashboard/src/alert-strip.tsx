import type { AlertFact, Fact } from "@burnline/contract";

/** Alerts beside each other; more would not be read. */
const SHOWN_MAX = 3;

/** The situations that hold now, warnings first, then the newest. The place stays, so that nothing jumps. */
export function AlertStrip(props: { readonly alerts: readonly Fact[]; readonly onOpen: (car: string) => void }) {
  const active = activeAlerts(props.alerts);
  const hidden = active.length - SHOWN_MAX;
  return (
    <section className="alerts" aria-label="Alerts" data-testid="alerts">
      <span
        className="estimate"
        title="No car has a fuel sensor that we can read: every number is computed from telemetry."
      >
        <b>EST</b> all figures are estimates
      </span>
      <ul aria-live="polite">
        {active.slice(0, SHOWN_MAX).map(({ alert, car }) => (
          <li key={alert.key} className={alert.severity === "warning" ? "alert alert-warning" : "alert"}>
            <button type="button" tabIndex={-1} onClick={() => props.onOpen(car)}>
              <b>{alert.severity === "warning" ? "⚠ " : "● "}</b>
              {alert.text}
            </button>
          </li>
        ))}
        {active.length === 0 && <li className="alert alert-none">No alerts</li>}
        {hidden > 0 && <li className="alert alert-none">+{hidden} more</li>}
      </ul>
    </section>
  );
}

function activeAlerts(facts: readonly Fact[]): { alert: AlertFact; car: string; eventTimeMs: number }[] {
  const active = [];
  for (const { body, car, eventTimeMs } of facts) {
    if (body.case === "alert" && body.value.active) active.push({ alert: body.value, car, eventTimeMs });
  }
  const rank = (alert: AlertFact) => (alert.severity === "warning" ? 0 : 1);
  return active.sort((a, b) => rank(a.alert) - rank(b.alert) || b.eventTimeMs - a.eventTimeMs);
}
