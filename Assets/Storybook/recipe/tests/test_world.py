"""Captions say what was drawn, scenes depend on their seed alone, and held-out combinations stay out."""

from __future__ import annotations

import pathlib
import random

import numpy as np
import pytest

from storybook import caption, scene, world
from storybook.data import CropBatches, render
from storybook.objects import objects, plural
from storybook.scene import Item, Scene
from storybook.storyeval import SIZES, prompts
from storybook.tokens import shown

SCENES = [(scene.sample_scene(random.Random(f"test/{k}")), random.Random(f"words/{k}")) for k in range(3000)]


def agrees(facts: caption.Facts, drawn: Scene) -> bool:
    """True when everything the caption says holds, and no thing is left out."""
    said = (("place", drawn.place), ("time", drawn.time), ("weather", drawn.weather), ("paint", drawn.paint))
    if any(getattr(facts, name) not in (None, truth) for name, truth in said):
        return False
    if facts.relation not in (None, drawn.relation):
        return False
    if facts.relation in ("left", "above"):
        return facts.items == drawn.items
    return sorted(map(repr, facts.items)) == sorted(map(repr, drawn.items))


def test_captions_agree_with_scenes() -> None:
    for drawn, rng in SCENES:
        text = caption.write(drawn, rng, typos=0)
        assert agrees(caption.read(text), drawn), f"'{text}' does not say {drawn}"


def test_boxes_agree_with_scenes(sheet: pathlib.Path) -> None:
    for drawn, rng in SCENES[:400]:
        _, boxes = scene.draw_scene(drawn, rng, 64)
        for k, item in enumerate(drawn.items):
            assert sum(box.item == k for box in boxes) == item.count
        assert all(-0.05 < (box.x0 + box.x1) / 2 < 1.05 and -0.05 < (box.y0 + box.y1) / 2 < 1.05 for box in boxes)
        centres = [[b for b in boxes if b.item == k] for k in range(len(drawn.items))]
        if drawn.relation == "left":
            assert max(b.x0 + b.x1 for b in centres[0]) < min(b.x0 + b.x1 for b in centres[1])
        if drawn.relation == "above":
            assert centres[0][0].y0 + centres[0][0].y1 < centres[1][0].y0 + centres[1][0].y1


def test_world_is_wide() -> None:
    assert len(objects()) >= 250
    seen = [drawn for drawn, _ in SCENES]
    assert {drawn.place for drawn in seen} == set(scene.PLACES)
    assert {len(drawn.items) for drawn in seen} == {0, 1, 2, 3}
    assert {item.count for drawn in seen for item in drawn.items} == {1, 2, 3, 4}
    assert {drawn.weather for drawn in seen} == set(scene.WEATHERS)


def test_heldout_combinations_are_never_drawn() -> None:
    kinds = {entry[0] for entry in scene.heldout()}
    assert kinds == {"colour", "place", "relation"}
    for entry in scene.heldout():
        assert entry[1] in objects()
    assert not any(scene.is_heldout(drawn) for drawn, _ in SCENES)
    proposals = [scene.propose_scene(random.Random(k)) for k in range(3000)]
    assert any(map(scene.is_heldout, proposals))


def test_render_depends_on_the_seed_alone(sheet: pathlib.Path) -> None:
    first, again, other = render("a", 64)[0], render("a", 64)[0], render("b", 64)[0]
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_large_scene_is_the_small_one(sheet: pathlib.Path) -> None:
    small, large = render("size", 128)[0].astype(float), render("size", 256)[0].astype(float)
    halved = large.reshape(128, 2, 128, 2, 3).mean((1, 3))
    assert np.abs(halved - small).mean() < 6


def test_batches_depend_on_their_number_alone(sheet: pathlib.Path) -> None:
    crops = CropBatches(1, 4, 64)
    assert np.array_equal(crops[5], crops[5])
    assert crops[3].shape == (1, 3, 128, 128)
    assert crops[4].shape == (4, 3, 64, 64)


def test_typos_change_one_word() -> None:
    text = "a large green balloon beside the rabbit"
    for k in range(50):
        wrong = caption.mistype(text, random.Random(k))
        assert sum(a != b for a, b in zip(text.split(), wrong.split(), strict=True)) <= 1


def test_english() -> None:
    assert [plural(w) for w in ("fox", "cherry", "monkey", "bench")] == ["foxes", "cherries", "monkeys", "benches"]
    assert caption.article("orange") == "an orange"
    assert caption.article("unicorn") == "a unicorn"
    words = caption.noun_phrase(Item("scissors", "red"), random.Random(3))
    assert not words.startswith("a ")


def test_examples_are_of_this_world() -> None:
    for line in (pathlib.Path(caption.__file__).parent / "examples.txt").read_text().splitlines():
        facts = caption.read(line)
        relation = facts.relation or ("and" if len(facts.items) > 1 else None)
        assert not scene.is_heldout(Scene(facts.items, relation, facts.place or "plain")), line


def test_unknown_word_is_named() -> None:
    with pytest.raises(ValueError, match="'zeppelin' in 'a zeppelin' is not a word"):
        caption.read("a zeppelin")


def test_storyeval_prompts() -> None:
    asked = prompts()
    assert len(asked) == 553
    assert {name: sum(p.category == name for p in asked) for name in SIZES} == SIZES
    for prompt in asked:
        facts = caption.read(prompt.text)
        assert sorted(map(repr, facts.items)) == sorted(map(repr, prompt.items))
        assert facts.relation in ((prompt.relation,) if prompt.relation else (None, "and"))
        drawn = Scene(prompt.items, prompt.relation or ("and" if len(prompt.items) == 2 else None), "plain")
        assert scene.is_heldout(drawn) == prompt.heldout, prompt


def test_tidy_things_stand_on_the_grid(sheet: pathlib.Path) -> None:
    world.use(0.9)
    try:
        core, things = set(scene.core()), 0
        for k in range(300):
            rng = random.Random(f"tidy/{k}")
            drawn = scene.sample_scene(rng)
            things += sum(item.object in core for item in drawn.items) - sum(item.object not in core for item in drawn.items)
            _, boxes = scene.draw_scene(drawn, rng, 256)
            for box in boxes:
                assert abs(box.y1 * scene.GRID - round(box.y1 * scene.GRID)) < 1e-6
                assert max(box.x1 - box.x0, box.y1 - box.y0) * scene.GRID in (2, 3, 4, 6)
        assert core <= set(objects()) and things > 200
    finally:
        world.use(None)


def test_a_tidy_world_says_everything_unusual(sheet: pathlib.Path) -> None:
    world.use(0.9)
    try:
        for k in range(400):
            drawn = scene.sample_scene(random.Random(f"tidy/{k}"))
            facts = caption.read(caption.write(drawn, random.Random(k), typos=0))
            assert facts.place == (None if drawn.place == "plain" else drawn.place)
            assert facts.paint == drawn.paint
            assert drawn.time == "day" or facts.time == drawn.time
            assert drawn.weather == "clear" or facts.weather == drawn.weather
    finally:
        world.use(None)


def test_shown_cells_are_those_under_boxes() -> None:
    cells = shown([scene.Box(0, 0.25, 0.5, 0.5, 0.74), scene.Box(0, 0.86, -0.1, 1.02, 0.14)], 8).reshape(8, 8)
    assert cells[4:6, 2:4].all()
    assert cells[0, 7] == 1
    assert cells.sum() == 5


def test_a_setting_is_said_in_the_plainest_words() -> None:
    for number in range(200):
        drawn = scene.sample_scene(random.Random(f"setting/{number}"))
        facts = caption.read(f"a fox {caption.setting(drawn)}")
        assert (facts.place or "plain") == drawn.place
        assert (facts.time or "day", facts.weather or "clear", facts.paint) == (drawn.time, drawn.weather, drawn.paint)
