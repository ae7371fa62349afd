import { CustomResource } from "@pulumi/kubernetes/apiextensions/index.js";
import type * as pulumi from "@pulumi/pulumi";
import { inCluster, type Place } from "./place.ts";
import type { Ready } from "./servers.ts";

const API = "cert-manager.io/v1";
const SELF_SIGNED = "burnline-self-signed";
const AUTHORITY = "burnline-ca";
const AUTHORITY_HOURS = 87_600;
/** Renewed a month before the end: NATS is reloaded by its chart, Valkey reads it at its next start. */
const SERVER_HOURS = 8_760;
const RENEW_BEFORE_HOURS = 720;
const KEY = { algorithm: "ECDSA", size: 256 };

/** A certificate authority of this namespace's own: nobody outside has to trust it. */
export function certificateAuthority(place: Place, needed: readonly Ready[]): pulumi.Resource {
  const selfSigned = make(place, "Issuer", SELF_SIGNED, { selfSigned: {} }, needed);
  const authority = make(
    place,
    "Certificate",
    AUTHORITY,
    {
      ...{ isCA: true, commonName: "Burnline", secretName: AUTHORITY, privateKey: KEY },
      ...{ duration: hours(AUTHORITY_HOURS), issuerRef: { name: SELF_SIGNED, kind: "Issuer" } },
    },
    [selfSigned],
  );
  return make(place, "Issuer", AUTHORITY, { ca: { secretName: AUTHORITY } }, [authority]);
}

/** @param services names inside of the namespace, also with `*.` before them @returns what makes the Secret of that name */
export function serverCertificate(
  place: Place,
  secretName: string,
  services: readonly string[],
  issuer: pulumi.Resource,
): pulumi.Resource {
  const { namespace } = place.config;
  return make(
    place,
    "Certificate",
    secretName,
    {
      ...{ secretName, duration: hours(SERVER_HOURS), renewBefore: hours(RENEW_BEFORE_HOURS) },
      privateKey: { ...KEY, rotationPolicy: "Always" },
      // NATS servers are clients of each other on their routes.
      usages: ["digital signature", "server auth", "client auth"],
      dnsNames: services.flatMap((name) => [
        ...[name, `${name}.${namespace}`, `${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`],
      ]),
      issuerRef: { name: AUTHORITY, kind: "Issuer" },
    },
    [issuer],
  );
}

const hours = (count: number) => `${count}h0m0s`;

function make(
  place: Place,
  kind: "Issuer" | "Certificate",
  name: string,
  spec: object,
  dependsOn: readonly Ready[],
): CustomResource {
  return new CustomResource(
    `${name}-${kind.toLowerCase()}`,
    { apiVersion: API, kind, metadata: { name, namespace: place.namespace }, spec },
    inCluster(place, { dependsOn: [...dependsOn] }),
  );
}
