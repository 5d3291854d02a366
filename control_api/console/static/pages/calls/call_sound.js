// The recording of a call: played, drawn, downloaded, passed on.

import { blob, get, post } from "../../core/api.js";
import { useResource } from "../../core/resource.js";
import { t } from "../../core/strings.js";
import { html, useState } from "../../core/ui.js";
import { Button } from "../../parts/button.js";
import { Card } from "../../parts/card.js";
import { CopyButton } from "../../parts/copy.js";
import { Dialog } from "../../parts/dialog.js";
import { Menu } from "../../parts/menu.js";
import { PlayerBar } from "../../parts/player.js";
import { saveFile } from "../../parts/save_file.js";
import { Loaded, Problem } from "../../parts/states.js";
import { toast } from "../../parts/toast.js";
import { Waveform } from "../../parts/waveform.js";

const WHILE_OPEN = 14_400; // seconds that the player's own link is good for
const PASSED_ON = 86_400;

export function CallSound({ call, player, moments }) {
  const uuid = call.uuid;
  const heard = useResource(async (options) => {
    const [link, wave] = await Promise.all([
      post(`/calls/${uuid}/recording-link`, { expires_in: WHILE_OPEN, format: "mp3" }, options),
      outline(uuid, options),
    ]);
    return { source: here(link.url), wave };
  }, [uuid]);
  const [broken, setBroken] = useState(false);
  const [link, setLink] = useState(null);

  const again = () => {
    setBroken(false);
    heard.reload();
  };
  const items = [
    { label: t("calls.download_wav"), onClick: () => download(uuid, "wav") },
    { label: t("calls.download_mp3"), onClick: () => download(uuid, "mp3") },
    { label: t("calls.make_link"), onClick: () => passOn(uuid).then(setLink) },
  ];
  const menu = html`<${Menu} label=${t("calls.recording_menu")} items=${items}>${t("calls.download")}<//>`;
  return html`
    <${Card} title=${t("calls.recording")} actions=${menu} class="call-sound">
      <${Loaded} resource=${heard} lines=${3}>${({ source, wave }) => html`
        <audio src=${source} ...${player.sound} onError=${() => setBroken(true)}></audio>
        ${broken && html`<${Problem} error=${{ detail: t("calls.cannot_play") }} retry=${again} />`}
        ${wave && html`
          <${Waveform} wave=${wave} moments=${moments} at=${player.at} onSeek=${player.seek} />
          <ul class="wave-legend" aria-label=${t("calls.legend")}>
            <li class="is-customer">${t("calls.customer")}</li>
            <li class="is-agent">${t("calls.agent")}</li>
            <li class="is-interruption">${t("calls.interruption")}</li>
            <li class="is-false">${t("calls.false_interruption")}</li>
            <li class="is-dead-air">${t("calls.dead_air")}</li>
          </ul>`}
        <${PlayerBar} player=${player} seconds=${wave?.seconds ?? call.duration ?? 0} />`}
      <//>
    <//>
    <${Dialog} title=${t("calls.link_title")} open=${link !== null} onClose=${() => setLink(null)}>
      <p>${t("calls.link_text")}</p>
      <p class="mono call-link">${link?.url}</p>
      <footer class="dialog-foot"><${CopyButton} text=${link?.url} /><${Button} onClick=${() => setLink(null)}>${t("common.close")}<//></footer>
    <//>`;
}

// A call that the carrier has recorded can be heard, but not drawn.
async function outline(uuid, options) {
  try {
    return await get(`/calls/${uuid}/waveform`, null, options);
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

// By the address that the console has: the server's public one may be another, and not be reached from here.
function here(url) {
  const { pathname, search } = new URL(url);
  return pathname + search;
}

async function passOn(uuid) {
  try {
    return await post(`/calls/${uuid}/recording-link`, { expires_in: PASSED_ON });
  } catch (error) {
    toast(error.detail ?? error.message, "bad");
    return null;
  }
}

async function download(uuid, format) {
  try {
    saveFile(await blob(`/calls/${uuid}/recording`, { query: { format } }), `${uuid}.${format}`);
  } catch (error) {
    toast(error.detail ?? error.message, "bad");
  }
}
