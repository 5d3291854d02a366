// Everything of preact, htm and signals, from one place.

import { Fragment, h, render } from "preact";
import {
  useCallback, useEffect, useErrorBoundary, useId, useLayoutEffect, useMemo, useRef, useState,
} from "preact/hooks";
import { batch, computed, effect, signal, useComputed, useSignal, useSignalEffect } from "@preact/signals";
import htm from "htm";

/** Markup as a template: html`<p class="lead">${words}</p>`. */
export const html = htm.bind(h);

export {
  Fragment, h, render,
  useCallback, useEffect, useErrorBoundary, useId, useLayoutEffect, useMemo, useRef, useState,
  batch, computed, effect, signal, useComputed, useSignal, useSignalEffect,
};
