"""LoRA fine-tuning of Chatterbox multilingual, by PyTorch and PEFT. Neither is a dependency: only this file uses them.

The language model's attention is given low-rank adapters, and these learn to foresee the sounds of each sentence from
its text and the reference. All else is frozen. Names are those of the packages `chatterbox-tts` and `peft`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from server.training.trainer import Lesson, Sentence, TrainingError

NEEDED = ("torch", "peft", "safetensors", "chatterbox", "librosa")
RANK, ALPHA, DROPOUT = 16, 32, 0.05
TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj")
ROUNDS, RATE = 10, 1e-4
"""Times that each sentence is seen, and how fast is learnt."""
HEARD = 16_000
"""Hertz, of what the model's own encoders hear."""
EMOTION = 0.5


@dataclass(frozen=True, slots=True)
class ChatterboxLora:
    weights: Path
    """Folder of the PyTorch weights, as Resemble AI publishes them."""

    def train(self, lesson: Lesson, adapter: Path, progress: Callable[[float], None]) -> None:
        """Raises TrainingError."""
        missing = [name for name in NEEDED if find_spec(name) is None]
        if missing:
            raise TrainingError(f"the machine that trains lacks {', '.join(missing)}")
        torch, peft = import_module("torch"), import_module("peft")
        device = "cuda" if torch.cuda.is_available() else "cpu"
        model = self._loaded(device)
        language = lesson.language.partition("-")[0].lower()
        config = peft.LoraConfig(r=RANK, lora_alpha=ALPHA, lora_dropout=DROPOUT, target_modules=list(TARGETS))
        model.t3.requires_grad_(False)
        model.t3.tfmr = peft.get_peft_model(model.t3.tfmr, config)
        condition = _condition(model, lesson.reference, device)
        material = [_tokens(model, sentence, language, device) for sentence in lesson.sentences]
        learnt = [weight for weight in model.t3.parameters() if weight.requires_grad]
        optimiser = torch.optim.AdamW(learnt, lr=RATE)
        model.t3.train()
        for step in range(ROUNDS * len(material)):
            progress(step / (ROUNDS * len(material)))
            loss = _loss(model.t3, condition, *material[step % len(material)])
            if not math.isfinite(loss.item()):
                raise TrainingError("the training came to no result: its error grew without end")
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learnt, 1.0)
            optimiser.step()
        _write(peft.get_peft_model_state_dict(model.t3.tfmr), adapter)

    def _loaded(self, device: str) -> Any:
        if not self.weights.is_dir():
            raise TrainingError("the folder of the weights is not there")
        try:
            return import_module("chatterbox.mtl_tts").ChatterboxMultilingualTTS.from_local(self.weights, device)
        except (OSError, KeyError, RuntimeError) as error:
            raise TrainingError(f"the weights cannot be loaded: {type(error).__name__}") from None


def _condition(model: Any, reference: Path, device: str) -> Callable[[], Any]:
    """A new one each time: the model keeps what it computes of it, and with that the last step's gradients."""
    torch, kind = import_module("torch"), import_module("chatterbox.models.t3.modules.cond_enc").T3Cond
    sound = _sound(reference)
    with torch.inference_mode():
        prompt, _ = model.s3gen.tokenizer.forward([sound[: 6 * HEARD]], max_len=model.t3.hp.speech_cond_prompt_len)
        speaker = torch.from_numpy(model.ve.embeds_from_wavs([sound], sample_rate=HEARD)).mean(axis=0, keepdim=True)
    emotion = EMOTION * torch.ones(1, 1, 1, device=device)
    speaker, prompt = speaker.clone().to(device), torch.atleast_2d(prompt).clone().to(device)
    return lambda: kind(speaker_emb=speaker, cond_prompt_speech_tokens=prompt, emotion_adv=emotion)


def _tokens(model: Any, sentence: Sentence, language: str, device: str) -> tuple[Any, Any]:
    """Of text and of sound, each between its first and its last token. Shapes (1, tokens)."""
    torch, pad = import_module("torch"), import_module("torch").nn.functional.pad
    hp = model.t3.hp
    text = model.tokenizer.text_to_tokens(sentence.transcript, language_id=language).long().to(device)
    with torch.inference_mode():
        heard, _ = model.s3gen.tokenizer.forward([_sound(sentence.sound)])
    speech = torch.atleast_2d(heard).clone().long().to(device)
    text = pad(pad(text, (1, 0), value=hp.start_text_token), (0, 1), value=hp.stop_text_token)
    return text, pad(pad(speech, (1, 0), value=hp.start_speech_token), (0, 1), value=hp.stop_speech_token)


def _loss(t3: Any, condition: Callable[[], Any], text: Any, speech: Any) -> Any:
    """How badly each sound was foreseen from those before it."""
    torch = import_module("torch")
    lengths = (torch.tensor([tokens.shape[1]], device=tokens.device) for tokens in (text, speech))
    text_length, speech_length = lengths
    out = t3.forward(
        t3_cond=condition(),
        text_tokens=text,
        text_token_lens=text_length,
        speech_tokens=speech,
        speech_token_lens=speech_length,
        training=True,
    )
    return torch.nn.functional.cross_entropy(out.speech_logits[:, :-1].transpose(1, 2), speech[:, 1:])


def _sound(file: Path) -> Any:
    sound, _ = import_module("librosa").load(str(file), sr=HEARD, mono=True)
    return sound


def _write(weights: Any, adapter: Path) -> None:
    adapter.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = adapter.with_suffix(".draft")
    try:
        import_module("safetensors.torch").save_file(weights, str(draft))
        draft.chmod(0o600)
        draft.replace(adapter)
    finally:
        draft.unlink(missing_ok=True)
