/**
 * 1 rem = 1/120 of the picture's width (16 px at 1920 x 1080), so that the graphic keeps its place in any renderer.
 * Margins: 5 % on every side are the graphics safe area of EBU R 95. Colours: Okabe-Ito blue and orange.
 */
export const BURN_BAR_STYLE = `
:host {
  position: fixed;
  left: 5vw;
  bottom: 7vh;
  font: 700 calc(100vw / 120) "Roboto Condensed", "Arial Narrow", "Liberation Sans Narrow", "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums;
  color: #fff;
}
.frame {
  display: flex;
  align-items: stretch;
  width: 62em;
  height: 5.6em;
  background: rgb(8 11 16 / 88%);
  box-shadow: 0 0.25em 1.4em rgb(0 0 0 / 60%);
  text-shadow: 0 0.06em 0.18em rgb(0 0 0 / 80%);
  opacity: 0;
  clip-path: inset(-2em 100% -2em -2em);
  transform: translateX(-1.5em);
  transition: opacity 180ms ease-in, clip-path 260ms ease-in, transform 260ms ease-in;
}
:host([on-air]) .frame {
  opacity: 1;
  clip-path: inset(-2em -2em -2em -2em);
  transform: none;
  transition: opacity 120ms ease-out, clip-path 420ms cubic-bezier(0.2, 0.8, 0.2, 1), transform 420ms cubic-bezier(0.2, 0.8, 0.2, 1);
}
.number {
  display: grid;
  place-items: center;
  padding: 0 0.45em;
  min-width: 2.1em;
  background: #f4f7fa;
  color: #07090d;
  font-size: 2.9em;
  font-style: italic;
  text-shadow: none;
}
.middle {
  display: flex;
  flex: 1;
  flex-direction: column;
  justify-content: center;
  gap: 0.45em;
  min-width: 0;
  padding: 0 1.4em;
}
.names {
  display: flex;
  align-items: baseline;
  gap: 0.8em;
}
.driver {
  flex: 1;
  overflow: hidden;
  font-size: 1.75em;
  line-height: 1.1;
  text-overflow: ellipsis;
  white-space: nowrap;
}
.word {
  font-size: 1.5em;
  letter-spacing: 0.08em;
  white-space: nowrap;
}
.track {
  position: relative;
  height: 1em;
  background: rgb(255 255 255 / 16%);
  transition: opacity 600ms;
}
.fill {
  position: absolute;
  top: 0;
  bottom: 0;
  left: 50%;
  width: 50%;
  background: #b9c3ce;
  transform: scaleX(0);
  transform-origin: left;
  transition: transform 300ms linear;
}
.zero {
  position: absolute;
  top: -0.25em;
  bottom: -0.25em;
  left: calc(50% - 0.1em);
  width: 0.2em;
  background: #fff;
}
.ends {
  display: flex;
  justify-content: space-between;
  color: #d4dce4;
  font-size: 0.85em;
  letter-spacing: 0.1em;
}
[data-word="SAVING"] .fill { background: #56b4e9; }
[data-word="SAVING"] .word { color: #7cc8f2; }
[data-word="HARD"] .fill { background: #ff9e1b; }
[data-word="HARD"] .word { color: #ffb54d; }
[data-word="CAUTION"] .word { color: #ffd500; }
[data-word="NO DATA"] .track { opacity: 0.35; }
[data-word="NO DATA"] .word { color: #c3ccd6; }
.figure {
  display: flex;
  flex-direction: column;
  align-items: center;
  justify-content: center;
  min-width: 8.2em;
  padding: 0 0.9em;
  border-left: 1px solid rgb(255 255 255 / 22%);
  white-space: nowrap;
}
.figure[hidden] { display: none; }
.figure b {
  font: 700 2.5em/1.05 "Helvetica Neue", Arial, "Liberation Sans", sans-serif;
}
.figure small {
  color: #d4dce4;
  font-size: 0.95em;
  letter-spacing: 0.06em;
}
.est {
  align-self: flex-start;
  padding: 0.1em 0.5em;
  background: rgb(255 255 255 / 20%);
  font-size: 0.85em;
  letter-spacing: 0.1em;
}
.hint {
  position: fixed;
  top: 1em;
  left: 1em;
  padding: 0.4em 0.8em;
  background: #b3261e;
  color: #fff;
  font: 600 1.1em Arial, sans-serif;
}
.hint[hidden] { display: none; }
@media (prefers-reduced-motion: reduce) {
  .frame, .fill, .track { transition: none !important; }
}
`;
