"""Training and evaluation of the Storybook model, the DC-AR that DC-AR Studio ships."""
