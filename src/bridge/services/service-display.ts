// How services look in a notebook: one with everything about it, and lists of them.
import type { ParameterDefinition } from '../../api/index.js';
import type { WebServiceInfo } from '../../client/index.js';
import type { Display } from '../../jupyter/index.js';
import { escapeHtml, htmlTable, textTable, type Column } from '../display/html.js';
import { tableDisplay } from '../display/tables.js';
import { callLines, callUrl, sampleInputs, swaggerUrl } from './call-lines.js';
import { definitionsText } from './definitions.js';

/** What is shown of one service. */
export interface ServiceCard {
  /** E.g. `Service Cars 1.0 published.` */
  readonly title: string;
  /** Of the server. */
  readonly url: string;
  readonly service: Pick<
    WebServiceInfo,
    | 'name'
    | 'version'
    | 'description'
    | 'operationId'
    | 'runtimeType'
    | 'snapshotId'
    | 'inputParameterDefinitions'
    | 'outputParameterDefinitions'
    | 'outputFileNames'
  >;
  /** Values for the lines that call it. */
  readonly sample: Readonly<Record<string, unknown>>;
  /** More facts, e.g. the name of its snapshot. */
  readonly facts?: readonly (readonly [name: string, value: string])[];
  /** Code to show, by what it is; empty code is left out. */
  readonly code?: readonly (readonly [title: string, code: string])[];
}

/** One service: facts, inputs and outputs, and lines of three languages that call it. */
export function serviceDisplay(card: ServiceCard): Display {
  const { title, url, service, facts = [], code = [] } = card;
  const place = { url, name: service.name, version: service.version };
  const sample = sampleInputs(service.inputParameterDefinitions, card.sample);
  const lines = callLines(place, sample);
  const allFacts = [
    ['language', service.runtimeType],
    ['description', service.description],
    ['alias', service.operationId],
    ...facts,
    ['files', service.outputFileNames.join(', ')],
    ['address', callUrl(place)],
    ['swagger', swaggerUrl(place)],
  ].filter(([, value]) => value !== '') as readonly (readonly [string, string])[];
  const parameters = parameterRows(service);
  const blocks = [
    ...code.filter(([, text]) => text !== ''),
    ['curl', lines.curl],
    ['Python', lines.python],
    ['R', lines.r],
  ] as readonly (readonly [string, string])[];
  const width = Math.max(...allFacts.map(([name]) => name.length));
  const text = [
    title,
    ...allFacts.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`),
    ...(parameters.length === 0 ? [] : ['', textTable(PARAMETER_COLUMNS, parameters)]),
    ...blocks.flatMap(([name, block]) => ['', `${name}:`, block]),
  ].join('\n');
  const html = [
    `<p><b>${escapeHtml(title)}</b></p>`,
    factsHtml(allFacts),
    ...(parameters.length === 0 ? [] : [htmlTable('', PARAMETER_COLUMNS, parameters)]),
    ...blocks.map(
      ([name, block]) =>
        `<details><summary>${escapeHtml(name)}</summary><pre>${escapeHtml(block)}</pre></details>`,
    ),
  ].join('\n');
  const value = {
    ...service,
    url: callUrl(place),
    swaggerUrl: swaggerUrl(place),
    ...Object.fromEntries(facts),
  };
  return {
    data: { 'text/plain': text, 'text/html': html },
    metadata: { rserver: { value } },
  };
}

/** Services as a table. */
export function servicesDisplay(caption: string, services: readonly WebServiceInfo[]): Display {
  return tableDisplay({
    caption,
    columns: [
      { title: 'name' },
      { title: 'version' },
      { title: 'language' },
      { title: 'inputs' },
      { title: 'outputs' },
      { title: 'published by' },
      { title: 'at' },
      { title: 'description' },
    ],
    rows: services.map((service) => [
      service.name,
      service.version,
      service.runtimeType,
      definitionsText(service.inputParameterDefinitions),
      definitionsText(service.outputParameterDefinitions),
      service.versionPublishedBy,
      timeText(service.creationTime),
      service.description,
    ]),
    json: services,
    empty: 'There are no services.',
  });
}

const PARAMETER_COLUMNS: readonly Column[] = [{ title: '' }, { title: 'name' }, { title: 'type' }];

function parameterRows({
  inputParameterDefinitions: inputs,
  outputParameterDefinitions: outputs,
}: Pick<
  WebServiceInfo,
  'inputParameterDefinitions' | 'outputParameterDefinitions'
>): readonly (readonly string[])[] {
  const row =
    (kind: string) =>
    ({ name, type }: ParameterDefinition): readonly string[] => [kind, name, type];
  return [...inputs.map(row('input')), ...outputs.map(row('output'))];
}

function factsHtml(facts: readonly (readonly [string, string])[]): string {
  const rows = facts.map(([name, value]) => {
    const text = escapeHtml(value);
    // The address itself answers to POST only.
    const shown = name === 'swagger' ? `<a href="${text}">${text}</a>` : text;
    return `<tr><th style="text-align: left">${escapeHtml(name)}</th><td style="text-align: left">${shown}</td></tr>`;
  });
  return `<table>\n${rows.join('\n')}\n</table>`;
}

/** To the minute, as the server wrote it: UTC. */
function timeText(serverTime: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d/.exec(serverTime)?.[0].replace('T', ' ') ?? serverTime;
}
