"""Runs can stop and go on, the export has the official layout and keys, and most commands work on a tiny budget."""

from __future__ import annotations

import itertools
import json
import pathlib
import random
import shutil
import subprocess
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file

from storybook import ablate, build, data, detector, editing, export, pool, record, residual_error, restore, runtime, storyeval, train_dcar, train_dcht
from storybook import model as models
from storybook.caption import write
from storybook.dcar import GeneratorConfig, position_table, residuals
from storybook.dcht import DCHT, TokenizerConfig
from storybook.diffusion import Schedule
from storybook.model import Sampling
from storybook.noise import Noise
from storybook.runtime import Place
from storybook.scene import core, sample_scene
from storybook.text import Vocabulary, build_vocabulary
from storybook.tokens import BLOCK, TokenFile, load_tokenizer, shown, tokenise

TINY = build.PLANS["tiny"]


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


@pytest.fixture(scope="module")
def built(sheet: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> build.Build:
    """A whole build in seconds."""
    out = tmp_path_factory.mktemp("build")
    (out / "sprites.npz").write_bytes(sheet.read_bytes())
    torch.set_num_threads(1)
    job = build.Build(TINY, "", out, out / "model", 0, Place(torch.device("cpu"), 0, 1))
    job.run("report")
    return job


@pytest.mark.parametrize(
    "registers,products,maker,fast",
    [(True, True, "GenuineIntel", True), (False, True, "GenuineIntel", False), (False, True, "AuthenticAMD", True),
     (False, False, "AuthenticAMD", False), (False, True, "", True)],
)  # fmt: skip
def test_bfloat16_is_for_processors_on_which_it_is_faster(
    monkeypatch: pytest.MonkeyPatch, registers: bool, products: bool, maker: str, fast: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: registers)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: products)
    assert runtime.fast_bfloat16(maker) is fast


@pytest.mark.parametrize("mode", ["three-stage", "no-warm-up", "all-trainable"])
def test_tokenizer_resumes_where_it_stopped(sheet: pathlib.Path, tmp_path: pathlib.Path, place: Place, mode: str) -> None:
    options = train_dcht.Options(
        str(sheet),
        tmp_path / "whole",
        (3, 3, 3),
        batch=4,
        crop=64,
        workers=0,
        mode=mode,
        adversarial=0.3,
        echo=2,
        config=TINY.tokenizer,
    )
    whole = train_dcht.train(options, place)
    parts = replace(options, out=tmp_path / "parts", minutes=0)
    for _ in range(12):
        in_parts = train_dcht.train(parts, place)
    assert in_parts.step == whole.step
    assert same(in_parts.model.state_dict(), whole.model.state_dict())
    assert same(in_parts.average.state, whole.average.state)


def test_budget_sets_the_lengths(
    sheet: pathlib.Path, tmp_path: pathlib.Path, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime.Budget, "spent", lambda _: 6.0)
    options = train_dcht.Options(
        str(sheet), tmp_path, (1, 1, 1), batch=2, crop=64, workers=0, budget=10.0, config=TINY.tokenizer
    )
    run = train_dcht.Run(options, place)
    assert run.options.steps == (runtime.UNKNOWN,) * 3
    run.stage_step = 10
    run.keep_to_budget()
    # 10 steps in 6 seconds, and the first stage's share of ten minutes.
    assert run.options.steps[0] == round(10 * 600 * train_dcht.SHARES[0] / 6)
    run.stage_step = 1
    run.save()
    assert train_dcht.Run(options, place).options.steps == run.options.steps
    monkeypatch.setattr(runtime.Budget, "spent", lambda _: 601.0)
    run.stage_step = 20
    run.keep_to_budget()
    assert run.options.steps[0] == 20


def test_a_pool_holds_what_is_drawn(built: build.Build, sheet: pathlib.Path, tmp_path: pathlib.Path, place: Place) -> None:
    spiece = built.out / "generator" / "spiece.model"
    drawn = pool.Pool(5, 256, 3 * BLOCK + 1, 2, spiece, 32, 2)
    drawn.hold(place.device)
    assert drawn.wait(10**9) == 3 * BLOCK
    picture, boxes = data.render("5/70", 256)
    assert np.array_equal(drawn.held["pictures"][70].numpy(), picture.transpose(2, 0, 1))
    scene = sample_scene(random.Random("5/70/what"))
    targets = detector.targets_of([(scene, boxes)])
    assert np.array_equal(drawn.held["kinds"][70].numpy(), targets.kinds[0])
    assert np.array_equal(drawn.held["heat"][70].numpy(), targets.heat[0].astype(np.float16))
    assert np.array_equal(drawn.held["things"][70].numpy(), shown(boxes, 8))
    words = Vocabulary(spiece, 32)
    rng = random.Random("5/70/said")
    assert np.array_equal(drawn.held["words"][70].numpy(), words([write(scene, rng) for _ in range(2)]).numpy())


def test_a_build_from_a_pool_keeps_to_its_minutes(sheet: pathlib.Path, tmp_path: pathlib.Path, place: Place) -> None:
    (tmp_path / "sprites.npz").write_bytes(sheet.read_bytes())
    job = build.Build(
        TINY, "", tmp_path, tmp_path / "model", 2, place, pool=512, detector_budget=0.01, tokenizer_budget=0.05, generator_budget=(0.02, None)
    )
    job.run("generator")
    assert not (tmp_path / "tokens256").exists()
    export.export_generator(tmp_path / "generator" / "dcar.pt", tmp_path / "model")
    state = torch.load(tmp_path / "generator" / "dcar.pt", weights_only=True)
    assert 0 < state["step"] == state["steps"] < runtime.UNKNOWN
    tokens = pool.PoolTokens.encode(job.small, load_tokenizer(tmp_path / "tokenizer" / "dcht.pt", place))
    assert tokens.scenes == 512 and tokens.ids.max() < TINY.tokenizer.codebook_size

    # Given again with more minutes for the generator: what is done stays, the scenes are drawn anew, all of them.
    paths = [tmp_path / name for name in ("detector.pt", "tokenizer/dcht.pt")]
    done = [torch.load(path, weights_only=True)["model"] for path in paths]
    again = replace(job, generator_budget=(0.1, None), small=None, large=None)
    again.run("generator")
    assert all(same(torch.load(path, weights_only=True)["model"], before) for path, before in zip(paths, done, strict=True))
    assert again.small is not job.small
    assert (tmp_path / "generator" / "dcar.log").read_text().count(" 512 scenes") == 2
    after = torch.load(tmp_path / "generator" / "dcar.pt", weights_only=True)
    assert state["step"] < after["step"] == after["steps"] < runtime.UNKNOWN
    again.large.wait(10**9)
    batches, late = pool.crops(again.small, again.large, 4, 7), pool.crops(again.small, again.large, 4, 7, 6)
    wanted = [next(batches) for _ in range(8)][6:]
    assert [len(batch) for batch in wanted] == [4, 1]
    assert all(torch.equal(next(late), batch) for batch in wanted)

    # A checkpoint whose words are not those of the pool is refused.
    other = tmp_path / "other.model"
    build_vocabulary(other, 300, captions=500)
    again.small.spiece = other
    options = train_dcar.Options(tmp_path, tmp_path / "generator", 1, batch=2, head_samples=32)
    with pytest.raises(ValueError, match=r"other\.model"):
        train_dcar.train(options, place, replace(tokens, pool=again.small))


def test_a_finished_detector_is_left_alone(
    sheet: pathlib.Path, tmp_path: pathlib.Path, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A clock that is a tenth of a second later whenever it is looked at, which is once a step.
    ticks = itertools.count()
    monkeypatch.setattr(runtime, "time", SimpleNamespace(monotonic=lambda: next(ticks) / 10))

    def train(steps: int, budget: float | None = None) -> dict[str, Any]:
        path = detector.train(str(sheet), tmp_path, steps, 2, 0, place, width=16, budget=budget)
        return torch.load(path, weights_only=True)

    first = train(1, 0.05)
    assert 20 < first["step"] == first["steps"] < 32
    for _ in range(2):
        again = train(1, 0.05)
        assert again["step"] == first["step"]
        assert same(again["model"], first["model"])
    longer = train(1, 0.1)
    assert first["step"] < longer["step"] == longer["steps"] < 62
    # Of a checkpoint from before there were clocks only the steps from here on count.
    old = {**{key: longer[key] for key in ("model", "optimizer", "width")}, "step": 10**6}
    torch.save(old, tmp_path / "detector.pt")
    assert train(10**6 + 2)["step"] == 10**6 + 2
    torch.save(old, tmp_path / "detector.pt")
    assert 10**6 + 20 < train(1, 0.05)["step"] < 10**6 + 32


def test_a_clock_counts_its_own_steps(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime.Budget, "spent", lambda _: 6.0)
    assert runtime.Budget(place).steps(1, 20) == 200
    assert runtime.Budget.resumed(place, {}, 1000).steps(1, 1020) == 1200
    assert runtime.Budget.resumed(place, {}, 1000).steps(1, 1000) == runtime.UNKNOWN
    clock = runtime.Budget(place)
    told = {"spent": 6.0, "steps": 150, "budget": 1.0}
    assert [clock.length(minutes, 20, told) for minutes in (1.0, 2.0)] == [150, 400]
    assert clock.length(1.0, 20, {}) == 200


def test_a_budget_of_zero_trains_nothing(
    built: build.Build, sheet: pathlib.Path, tmp_path: pathlib.Path, place: Place
) -> None:
    job = build.Build(TINY, "", tmp_path / "none", tmp_path / "model", 0, place, generator_budget=(None, 0))
    job.tokens512()
    job.generator512()
    assert not job.out.exists()
    path = detector.train(str(sheet), tmp_path, 5, 2, 0, place, width=16, budget=0)
    assert torch.load(path, weights_only=True)["step"] == 0
    options = train_dcar.Options(
        built.out / "tokens256", tmp_path / "generator", 5, batch=2, workers=0, head_samples=32, budget=0, config=TINY.generator
    )
    assert train_dcar.train(options, place).step == 0
    tokenizer = train_dcht.Options(
        str(sheet), tmp_path / "tokenizer", (5, 5, 5), batch=2, crop=64, workers=0, budget=0, config=TINY.tokenizer
    )
    assert train_dcht.train(tokenizer, place).step == 0


def test_stage_three_freezes_the_encoder(sheet: pathlib.Path, tmp_path: pathlib.Path, place: Place) -> None:
    options = train_dcht.Options(str(sheet), tmp_path, (1, 2, 0), batch=4, crop=64, workers=0, config=TINY.tokenizer)
    before = train_dcht.train(options, place)
    average = {k: v.clone() for k, v in before.average.state.items()}
    after = train_dcht.train(replace(options, steps=(1, 2, 3)), place)
    frozen = [k for k in average if k.startswith(("encoder", "quantize"))]
    assert all(torch.equal(after.model.state_dict()[k], average[k]) for k in frozen)
    assert any(not torch.equal(after.model.state_dict()[k], average[k]) for k in average if k.startswith("decoder"))


def test_generator_resumes_where_it_stopped(built: build.Build, tmp_path: pathlib.Path, place: Place) -> None:
    options = train_dcar.Options(
        built.out / "tokens256", tmp_path / "whole", 4, batch=2, workers=0, head_samples=32, config=TINY.generator
    )
    whole = train_dcar.train(options, place)
    parts = replace(options, out=tmp_path / "parts", minutes=0)
    for _ in range(6):
        in_parts = train_dcar.train(parts, place)
    assert in_parts.step == whole.step == 4
    assert same(in_parts.both.state_dict(), whole.both.state_dict())


def test_training_goes_on_from_an_exported_model(built: build.Build, tmp_path: pathlib.Path, place: Place) -> None:
    folder = built.out / "model256"
    restore.restore(folder, tmp_path)
    assert (tmp_path / "spiece.model").read_bytes() == (folder / "t5" / "spiece.model").read_bytes()
    export.export_tokenizer(tmp_path / "tokenizer" / "dcht.pt", tmp_path / "again")
    export.export_generator(tmp_path / "generator" / "dcar.pt", tmp_path / "again")
    export.write_sums(tmp_path / "again")
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        again = tmp_path / "again" / path.relative_to(folder)
        if path.suffix == ".safetensors":
            assert same(load_file(again), load_file(path)), path
        else:
            assert again.read_bytes() == path.read_bytes(), path

    exported = models.load(folder, place.device)
    sheet = str(built.sheet)
    options = train_dcht.Options(
        sheet, tmp_path / "tokenizer", (0, 0, 2), batch=2, crop=64, workers=0, adversarial=0.3, config=TINY.tokenizer
    )
    tokenizer = train_dcht.train(replace(options, steps=(0, 0, 0)), place)
    assert tokenizer.rate() == pytest.approx(options.rate / 2 / 200)
    assert same(tokenizer.model.state_dict(), exported.tokenizer.state_dict())
    tokenizer = train_dcht.train(options, place)
    assert (tokenizer.stage, tokenizer.stage_step) == (3, 2)
    assert torch.equal(tokenizer.model.quantize.embedding.weight, exported.tokenizer.quantize.embedding.weight)

    generator = train_dcar.train(
        train_dcar.Options(built.out / "tokens256", tmp_path / "generator", 0, batch=2, workers=0, head_samples=32), place
    )
    assert generator.step == 0
    assert same(generator.model.state_dict(), exported.generator.state_dict())
    generator = train_dcar.train(replace(generator.options, steps=2), place)
    assert generator.step == 2
    assert not same(generator.model.state_dict(), exported.generator.state_dict())


def test_token_file_grows_and_agrees(built: build.Build, tmp_path: pathlib.Path, place: Place) -> None:
    tokenizer = load_tokenizer(built.out / "tokenizer" / "dcht.pt", place)
    tokenise(tokenizer, place, tmp_path / "grown", 64, 64, 9, 0)
    grown = tokenise(tokenizer, place, tmp_path / "grown", 64, 128, 9, 0)
    once = tokenise(tokenizer, place, tmp_path / "once", 64, 128, 9, 0)
    assert grown.scenes == once.scenes == 128
    assert np.array_equal(grown.ids, once.ids)
    assert np.array_equal(grown.residuals, once.residuals)
    assert TokenFile(tmp_path / "once").batch(1, 5, 4)[3] == grown.batch(1, 5, 4)[3]


def test_export_has_the_official_layout(built: build.Build) -> None:
    folder = built.model
    files = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert files == {
        "dc-ht/config.json", "dc-ht/model.safetensors", "dc-ar/config.yaml", "dc-ar/model.safetensors", "t5/config.json",
        "t5/model.safetensors", "t5/spiece.model", "t5/tokenizer.json", "t5/tokenizer_config.json", "vocabulary.txt", "examples.txt",
        "SHA256SUMS",
    }  # fmt: skip
    for path in folder.rglob("*.safetensors"):
        for key, value in load_file(path).items():
            if value.is_floating_point():
                assert value.dtype == (torch.bfloat16 if value.dim() > 1 else torch.float32), key
    dc_ht = load_file(folder / "dc-ht" / "model.safetensors")
    for key in (
        "encoder.project_in.conv.conv.weight", "encoder.stages.1.op_list.0.main.conv2.norm.bias", "encoder.stages.3.op_list.1.main.conv.conv.bias",
        "encoder.stages.5.op_list.0.local_module.main.point_conv.norm.weight", "encoder.project_out.main.op_list.0.conv.weight",
        "decoder.project_in.main.conv.weight", "decoder.stages.5.op_list.0.context_module.main.qkv.conv.weight",
        "decoder.stages.1.op_list.1.main.conv2.norm.running_var", "decoder.project_out.op_list.0.weight",
        "decoder.project_out.op_list.2.conv.conv.bias", "quantize.embedding.weight",
    ):  # fmt: skip
        assert key in dc_ht, key
    dc_ar = load_file(folder / "dc-ar" / "model.safetensors")
    for key in (
        "pos_embed", "x_embedder.weight", "y_embedder.y_embedding", "y_embedder.y_proj.fc2.bias", "blocks.1.attn.q_norm.weight",
        "blocks.0.cross_attn.kv_linear.bias", "blocks.0.mlp.fc1.weight", "final_layer.linear.weight", "diffloss.net.time_embed.mlp.2.bias",
        "diffloss.net.res_blocks.0.adaLN_modulation.1.weight", "diffloss.net.final_layer.linear.bias",
    ):  # fmt: skip
        assert key in dc_ar, key
    assert dc_ar["pos_embed"].shape == (1, 256, 64)
    t5 = load_file(folder / "t5" / "model.safetensors")
    assert "shared.weight" in t5
    assert "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight" in t5


def test_tokenizer_json_agrees_with_sentencepiece(built: build.Build) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    fast = tokenizers.Tokenizer.from_file(str(built.model / "t5" / "tokenizer.json"))
    words = models.load(built.model, torch.device("cpu")).words
    for text in (
        "a red car and a blue balloon on a beach at sunset",
        "three bunnies in the snow",
        "2 t-shirts, room",
        "",
        "zeppelin!",
    ):
        ids = words([text])[0]
        assert fast.encode(text).ids == ids[ids != 0].tolist(), text


def test_bfloat16_export_stays_near(built: build.Build, place: Place) -> None:
    trained = load_tokenizer(built.out / "tokenizer" / "dcht.pt", place)
    exported = models.load_tokenizer(built.model, place.device)
    x = torch.rand(1, 3, 64, 64) * 2 - 1
    with torch.no_grad():
        a, b = trained.features(x), exported.features(x)
    assert (a - b).norm() / a.norm() < 2e-2


def test_build_reports_everything(built: build.Build) -> None:
    report = json.loads((built.out / "report.json").read_text())
    assert set(report["detector"]) == {"object", "colour", "count", "relation", "place", "time", "weather"}
    assert {"discrete_psnr", "continuous_psnr", "codes_used", "residual_std", "discrete_rfid"} <= set(report["tokenizer512"])
    assert report["storyeval shipped"]["size"] == 512
    assert report["storyeval 256"]["size"] == 256
    assert report["storyeval shipped"]["weights"] == export.fingerprint(built.model)
    assert (built.out / "gallery-shipped.png").exists()


def test_sampling_is_repeatable_and_paths_differ(built: build.Build) -> None:
    model = models.load(built.out / "model256", torch.device("cpu"))
    prompt = ["a cat", "two red cars on a beach"]
    first, again = (list(model.pictures(prompt, Sampling(), 3)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    _, residual = model.latents(prompt, Sampling(), 3)
    assert residual.abs().max() <= model.config.vae_scale * 1.0001
    assert not model.latents(prompt, Sampling(hybrid=False), 3)[1].any()


def test_inpainting_keeps_what_is_known(built: build.Build, place: Place) -> None:
    model = models.load(built.out / "model256", torch.device("cpu"))
    known = torch.randint(0, model.config.codes, (1, 64))
    known[:, :20] = model.generator.mask_id
    residual = torch.rand(1, 64, 32) * 0.01
    for scaled in (False, True):
        ids, made = model.latents(["a dog"], Sampling(scaled=scaled), 1, (known, residual))
        assert torch.equal(ids[:, 20:], known[:, 20:])
        assert torch.equal(made[:, 20:], residual[:, 20:])
        assert (ids != model.generator.mask_id).all()
    judge = detector.load(built.out / "detector.pt", place)
    report = editing.evaluate(model, judge, place, 2)
    assert {"inside", "outside_psnr", "seam"} <= set(report)


def test_pictures_of_a_folder_are_judged(built: build.Build, place: Place, tmp_path: pathlib.Path) -> None:
    chosen = storyeval.prompts()[:3]
    for number in range(3):
        picture, _ = data.render(f"folder/{number}", 256)
        Image.fromarray(picture).save(tmp_path / f"{number:04}.png")
    pictures = storyeval.folder_pictures(tmp_path, 3)
    assert all(np.array_equal(data.render(f"folder/{k}", 256)[0], picture) for k, picture in enumerate(pictures))
    judge = detector.load(built.out / "detector.pt", place)
    report = storyeval.judged(chosen, [pictures], judge, place)
    assert (report["prompts"], report["size"]) == (3, 256)
    with pytest.raises(ValueError, match="3 PNGs"):
        storyeval.folder_pictures(tmp_path, 4)


def test_core_prompts_are_of_core_things() -> None:
    asked = storyeval.prompts(kinds=core())
    assert [sum(p.category == c for p in asked) for c in storyeval.SIZES] == list(storyeval.SIZES.values())
    assert {item.object for p in asked for item in p.items} <= set(core())
    assert any(p.heldout for p in asked)


def test_some_prompts_are_as_mixed_as_all() -> None:
    asked = storyeval.prompts()
    for limit in (40, 139, 277):
        chosen = storyeval.some(asked, limit)
        assert len(chosen) == limit
        for category in ("two objects", "colours", "position", "colour attribution"):
            flags = [p.heldout for p in chosen if p.category == category]
            assert abs(sum(flags) / len(flags) - 0.5) < 0.13
    assert storyeval.some(asked, None) == asked


def test_verdicts_follow_geneval() -> None:
    asked = {p.category: p for p in storyeval.prompts()}
    found = detector.Found
    p = asked["counting"]
    item = p.items[0]
    things = [found(item.object, None, 0.2 * k, 0.5, 0.9) for k in range(item.count)]
    assert storyeval.correct(p, things)
    assert not storyeval.correct(p, [*things, things[0]])
    p = asked["colours"]
    other = next(c for c in detector.PAINTS if c != p.items[0].colour)
    assert storyeval.correct(p, [found(p.items[0].object, p.items[0].colour, 0.5, 0.5, 0.9)])
    assert not storyeval.correct(p, [found(p.items[0].object, other, 0.5, 0.5, 0.9)])
    p = asked["position"]
    a, b = (found(item.object, None, x, x, 0.9) for item, x in zip(p.items, (0.2, 0.8), strict=True))
    assert storyeval.correct(p, [a, b])
    swapped = (found(item.object, None, x, x, 0.9) for item, x in zip(p.items, (0.8, 0.2), strict=True))
    assert not storyeval.correct(p, list(swapped))


def test_ablations_run(built: build.Build, tmp_path: pathlib.Path, place: Place, sheet: pathlib.Path) -> None:
    judge = detector.load(built.out / "detector.pt", place)
    options = train_dcht.Options(str(sheet), tmp_path / "t", (1, 1, 1), batch=4, crop=64, workers=0, config=TINY.tokenizer)
    rows = ablate.tokenizer_arms(options, place, judge, 3)
    assert [row["mode"] for row in rows[::2]] == ["three-stage", "no-warm-up", "all-trainable"]
    assert len({row["steps"] for row in rows}) == 1
    low = train_dcar.Options(
        built.out / "tokens256", tmp_path / "low", 4, batch=2, workers=0, head_samples=32, config=TINY.generator
    )
    high = replace(low, tokens=built.out / "tokens512", out=tmp_path / "high", steps=1)
    rows = ablate.resolution_arms(low, high, built.model, judge, place, 1, 2, built.out / "tokens512")
    assert all(row["token loss, 30% masked"] > 0 for row in rows)
    assert [row["steps at 512"] for row in rows] == [1, 2]


def test_positions_share_one_frame() -> None:
    small, large = position_table(64, 64)[0].view(8, 8, 64), position_table(64, 256)[0].view(16, 16, 64)
    assert torch.allclose(small, large[::2, ::2], atol=1e-6)


def test_schedule_keeps_the_official_steps() -> None:
    wanted = "0 32 64 97 129 161 193 226 258 290 322 354 387 419 451 483 516 548 580 612 645 677 709 741 773 806 838 870 902 935 967 999"
    assert Schedule(32).times.tolist() == [int(t) for t in wanted.split()]
    assert Schedule(32).recip[-1].item() == pytest.approx(20291, rel=1e-3)


def test_full_size_fits() -> None:
    c = GeneratorConfig()
    numbers = sum(p.numel() for p in DCHT(TokenizerConfig()).parameters())
    numbers += sum(p.numel() for p in train_dcar.DCAR(c).parameters()) + sum(
        p.numel() for p in train_dcar.text_encoder(c).parameters()
    )
    assert numbers * 2 < 96 * 2**20


def test_recording_replays_itself(built: build.Build, tmp_path: pathlib.Path) -> None:
    record.record(built.out / "model256", tmp_path, tries=2)
    run = load_file(tmp_path / "generate.safetensors")
    model = models.load(tmp_path, torch.device("cpu"))
    c = model.config
    assert run["noise_token"].shape == (c.num_steps, 1, c.tokens, c.codes)
    assert run["noise_diff"].shape == (c.residual_steps, c.tokens, c.channels)
    assert run["step00.ids_in"].eq(model.generator.mask_id).all()
    assert torch.equal(run[f"step{c.num_steps - 1:02}.ids_out"], run["final_ids"])
    picture = torch.from_numpy(model.decode(run["final_ids"].long(), run["residual"]))[0]
    assert torch.equal(picture, run["image_hybrid_u8"])


def test_recording_has_the_head_as_the_model_has_it(built: build.Build, tmp_path: pathlib.Path) -> None:
    def recorded(folder: pathlib.Path) -> dict[str, float]:
        with safe_open(folder / "generate.safetensors", "pt") as file:
            return json.loads(file.metadata()["arguments"])

    source = shutil.copytree(built.out / "model256", tmp_path / "model")
    usual = models.read_config(source)
    record.record(source, tmp_path / "usual", tries=1)
    assert recorded(tmp_path / "usual") == {"residual_guidance": usual.guidance, "residual_temperature": 1.0}
    quiet = replace(usual, residual_guidance=0.0, residual_temperature=0.25)
    (source / "dc-ar" / "config.yaml").write_text(export.generator_yaml(quiet))
    record.record(source, tmp_path / "quiet", tries=1)
    assert recorded(tmp_path / "quiet") == {"residual_guidance": 0.0, "residual_temperature": 0.25}

    run = load_file(tmp_path / "quiet" / "generate.safetensors")
    assert run["head_cfg"].tolist() == [0.0]
    assert torch.equal(run["cfg"], torch.full((usual.num_steps,), usual.guidance))
    noise = Noise(0)
    numbers = iter([run["noise_init"], *run["noise_diff"]])
    noise.normal = lambda _: next(numbers)
    generator = models.load(source, torch.device("cpu")).generator
    latents = run["latents_cond"], run["latents_uncond"]
    made = residuals(generator, *latents, steps=usual.residual_steps, guidance=0.0, noise=noise, temperature=0.25)
    assert torch.equal(made, run["residual"])
    assert not torch.equal(made, load_file(tmp_path / "usual" / "generate.safetensors")["residual"])


@pytest.mark.skipif(not shutil.which("dcar"), reason="dcar is not on the path")
def test_studio_agrees_with_pytorch(built: build.Build, tmp_path: pathlib.Path) -> None:
    record.record(built.out / "model256", tmp_path)
    verdict = subprocess.run(["dcar", "verify", str(tmp_path)], capture_output=True, text=True, check=False)
    assert verdict.returncode == 0, verdict.stdout[-2000:]


def test_residual_errors_are_told(built: build.Build, place: Place) -> None:
    rows = {row["residual"]: row for row in residual_error.evaluate(models.load(built.model, place.device), place, 3, batch=2)}
    assert len(rows) == 2 + len(residual_error.SETTINGS)
    assert rows["true"]["error"] == 0 < rows["none"]["error"]
    # Another temperature gives other samples.
    quiet, official = (rows[f"guidance 0.0, temperature {t}"]["error"] for t in (0.0, 1.0))
    assert quiet != official
