/** The apps that run in a cluster, each in an image of its own. */
export const IMAGE_APPS = ["ingest", "processor", "inference", "gateway", "operator"] as const;
export type ImageApp = (typeof IMAGE_APPS)[number];

export function isImageApp(name: string): name is ImageApp {
  return IMAGE_APPS.some((app) => app === name);
}
