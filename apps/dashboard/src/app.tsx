import { AlertStrip } from "./alert-strip.tsx";
import { Board } from "./board.tsx";
import { NO_FILTER } from "./board-order.ts";
import { CarPage } from "./car-page.tsx";
import { FeedBanner } from "./feed-banner.tsx";
import { Headline } from "./headline.tsx";
import { HelpOverlay } from "./help-overlay.tsx";
import { actOn, chooseAt, goBack, useKeys } from "./page-actions.tsx";
import { useNowMs, usePageParts, useTopic } from "./page-context.tsx";
import { type PageState, usePageState } from "./page-state.tsx";
import { feedHealth } from "./race-headline.ts";
import { goToCar } from "./route.tsx";

/** Ages on the page grow by themselves this often. */
const AGE_INTERVAL_MS = 500;

export function App() {
  useTopic("board");
  useTopic("alerts");
  const state = usePageState();
  useKeys(state);
  const nowMs = useNowMs(AGE_INTERVAL_MS);
  const { feed } = usePageParts();
  const { race } = state.picture;
  const health = feedHealth(state.picture, nowMs, feed.clock.offsetMs);
  const hasRace = race.cars.size > 0 || race.race?.definition !== undefined;
  return (
    <div className="page" data-health={health.type} data-testid="page">
      <Headline
        race={race.race}
        health={health}
        settings={state.settings}
        filter={state.filter}
        filterInput={state.filterInput}
        page={state.page}
        onAction={(action) => actOn(state, action)}
        onFilter={state.changeFilter}
      />
      <FeedBanner health={health} notice={race.notice} hasRace={hasRace} />
      {hasRace && <PageBody state={state} />}
      <AlertStrip alerts={race.alerts} onOpen={goToCar} />
      {state.isHelpOpen && <HelpOverlay page={state.page} onClose={() => state.openHelp(false)} />}
      <div className="visually-hidden" role="status">
        {state.said}
      </div>
    </div>
  );
}

function PageBody({ state }: { readonly state: PageState }) {
  const { race } = state.picture;
  if (state.routeCar !== undefined) {
    return (
      <CarPage
        car={state.routeCar}
        picture={race}
        settings={state.settings}
        cars={state.cars}
        onBack={() => goBack(state)}
        onMove={(index) => chooseAt(state, index)}
      />
    );
  }
  return (
    <Board
      cars={state.cars}
      race={race.race}
      settings={state.settings}
      chosen={state.current}
      isFiltered={state.filter !== NO_FILTER}
      rowsPerColumn={state.rowsPerColumn}
      onChoose={state.choose}
      onOpen={goToCar}
    />
  );
}
