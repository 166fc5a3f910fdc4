"""The spatial page, which only the original webMUSHRA shows: where sounds are, and how wide."""

from __future__ import annotations

from typing import Literal

from study_builder.config.page_models import Model, Number, Point, RatingPage, Text


class SpatialView(Model):
    """A camera of a spatial page."""

    view: Text
    position: Point | None = None
    rotation: Point | None = None


class SpatialObject(Model):
    """An object that is shown in the room of a spatial page."""

    type: Text
    path: Text | None = None
    position: Point | None = None
    rotation: Point | None = None
    scale: Number | Point | None = None


class SpatialResponse(Model):
    """What a listener moves on a spatial page: a location, a width, an envelopment, height-width-depth."""

    type: Literal["localization", "asw", "lev", "hwd"]
    name: Text
    label: Text | None = None
    color: int | str | None = None
    stimulus: Text
    position: Point | None = None
    size: Number | Point | None = None
    bezier_outer_left: Point | None = None
    bezier_inner_left: Point | None = None
    bezier_inner_right: Point | None = None
    bezier_outer_right: Point | None = None
    height: Number | None = None
    depth: Number | None = None


class SpatialPage(RatingPage):
    """Where sounds are, and how wide, in a room that is drawn."""

    type: Literal["spatial"] = "spatial"
    framerate: Number | None = None
    room_measurements: Point | None = None
    number_of_loc_obj: int | None = None
    views: tuple[SpatialView, ...] = ()
    objects: tuple[SpatialObject, ...] = ()
    responses: tuple[SpatialResponse, ...] = ()

    @property
    def models(self) -> tuple[str, ...]:
        """The paths of the models in the room."""
        return tuple(thing.path for thing in self.objects if thing.type == "custom" and thing.path)
