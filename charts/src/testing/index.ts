export { ALL_APIS, CHART_FOLDER, lintChart, RenderRefusal, renderChart } from "./helm-render.ts";
