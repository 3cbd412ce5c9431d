"""KerasHub's image classifiers and segmenters, small, with random weights."""

import keras_hub.models as hub

CLASSES = 3
SIDE = 32
SHAPE = (SIDE, SIDE, 3)


def vit(activation, pooling="token", **options):
    backbone = hub.ViTBackbone(
        image_shape=SHAPE, patch_size=8, num_layers=2, num_heads=2, hidden_dim=12, mlp_dim=16, **options
    )
    return hub.ViTImageClassifier(backbone, CLASSES, pooling=pooling, activation=activation)


def pooled_vit(activation):
    return vit(activation, "gap", use_class_token=False)


def deit(activation):
    backbone = hub.DeiTBackbone(
        image_shape=SHAPE, patch_size=8, num_layers=2, num_heads=2, hidden_dim=12, intermediate_dim=16
    )
    return hub.DeiTImageClassifier(backbone, CLASSES, activation=activation)


def swin(activation):
    backbone = hub.SwinTransformerBackbone(SHAPE, embed_dim=8, depths=(2, 2), num_heads=(2, 2), window_size=4)
    return hub.SwinTransformerImageClassifier(backbone, CLASSES, activation=activation)


def mit_backbone():
    return hub.MiTBackbone(
        image_shape=SHAPE,
        num_layers=2,
        hidden_dims=[8, 12],
        layerwise_depths=[1, 1],
        layerwise_num_heads=[1, 2],
        layerwise_sr_ratios=[2, 1],
        layerwise_patch_sizes=[7, 3],
        layerwise_strides=[4, 2],
        max_drop_path_rate=0.1,
    )


def mit(activation):
    return hub.MiTImageClassifier(mit_backbone(), CLASSES, activation=activation)


def segformer(activation):
    """It ends linearly, whatever is asked."""
    del activation
    return hub.SegFormerImageSegmenter(hub.SegFormerBackbone(mit_backbone(), projection_filters=8), CLASSES)


def resnet_backbone(pre_activation=False):
    return hub.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[3],
        stackwise_num_filters=[64, 64],
        stackwise_num_blocks=[1, 1],
        stackwise_num_strides=[1, 2],
        block_type="basic_block",
        use_pre_activation=pre_activation,
        image_shape=SHAPE,
    )


def resnet(activation):
    return hub.ResNetImageClassifier(resnet_backbone(), CLASSES, activation=activation)


def resnet_v2(activation):
    return hub.ResNetImageClassifier(resnet_backbone(pre_activation=True), CLASSES, activation=activation)


def deeplab(activation):
    backbone = hub.DeepLabV3Backbone(
        resnet_backbone(), "P3", upsampling_size=8, dilation_rates=[2], image_shape=SHAPE
    )
    return hub.DeepLabV3ImageSegmenter(backbone, CLASSES, activation=activation)


def cspnet(activation):
    backbone = hub.CSPNetBackbone(
        stem_filters=8,
        stem_kernel_size=3,
        stem_strides=1,
        stackwise_depth=[1, 2],
        stackwise_strides=[1, 2],
        stackwise_num_filters=[8, 12],
        block_type="dark_block",
        stage_type="csp",
        block_ratio=[0.5],
        image_shape=SHAPE,
    )
    return hub.CSPNetImageClassifier(backbone, CLASSES, activation=activation)


def efficientnet(activation):
    backbone = hub.EfficientNetBackbone(
        stackwise_kernel_sizes=[3, 3],
        stackwise_num_repeats=[1, 2],
        stackwise_input_filters=[8, 8],
        stackwise_output_filters=[8, 16],
        stackwise_expansion_ratios=[1, 4],
        stackwise_squeeze_and_excite_ratios=[0.0, 0.25],
        stackwise_strides=[1, 2],
        stackwise_block_types=["fused", "unfused"],
        stackwise_width_coefficients=[1.0, 1.0],
        stackwise_depth_coefficients=[1.0, 1.0],
        num_features=32,
        input_shape=SHAPE,
    )
    return hub.EfficientNetImageClassifier(backbone, CLASSES, activation=activation)


def densenet(activation):
    backbone = hub.DenseNetBackbone(stackwise_num_repeats=[2, 2], growth_rate=8, image_shape=SHAPE)
    return hub.DenseNetImageClassifier(backbone, CLASSES, activation=activation)


def hgnet(activation):
    backbone = hub.HGNetV2Backbone(
        depths=[1, 1],
        embedding_size=8,
        hidden_sizes=[16, 24],
        stem_channels=[3, 8, 8],
        hidden_act="relu",
        use_learnable_affine_block=False,
        stackwise_stage_filters=[(8, 8, 16, 1, 2, 3), (16, 8, 24, 1, 2, 3)],
        apply_downsample=[False, True],
        use_lightweight_conv_block=[False, False],
        image_shape=SHAPE,
    )
    return hub.HGNetV2ImageClassifier(backbone, None, CLASSES, activation=activation)


def mobilenet(activation):
    """It ends linearly, whatever is asked."""
    del activation
    backbone = hub.MobileNetBackbone(
        stackwise_expansion=[[8], [16, 16]],
        stackwise_num_blocks=[1, 2],
        stackwise_num_filters=[[8], [12, 12]],
        stackwise_kernel_size=[[3], [5, 5]],
        stackwise_num_strides=[[1], [2, 1]],
        stackwise_se_ratio=[[None], [0.25, 0.25]],
        stackwise_activation=[["relu"], ["hard_swish", "hard_swish"]],
        stackwise_padding=[[1], [2, 2]],
        output_num_filters=24,
        depthwise_filters=8,
        depthwise_stride=2,
        depthwise_residual=False,
        last_layer_filter=24,
        squeeze_and_excite=0.5,
        image_shape=SHAPE,
    )
    return hub.MobileNetImageClassifier(backbone, CLASSES, num_features=24)


def mobilenet_v5(activation):
    """It ends linearly, whatever is asked."""
    del activation
    backbone = hub.MobileNetV5Backbone(
        stackwise_block_types=[["er"], ["uir", "uir"]],
        stackwise_num_blocks=[1, 2],
        stackwise_num_filters=[[8], [16, 16]],
        stackwise_strides=[[2], [2, 1]],
        stackwise_act_layers=[["relu"], ["relu", "relu"]],
        stackwise_exp_ratios=[[4.0], [6.0, 6.0]],
        stackwise_se_ratios=[[0.0], [0.0, 0.0]],
        stackwise_dw_kernel_sizes=[[0], [5, 5]],
        stackwise_dw_start_kernel_sizes=[[0], [0, 0]],
        stackwise_dw_end_kernel_sizes=[[0], [0, 0]],
        stackwise_exp_kernel_sizes=[[3], [0, 0]],
        stackwise_pw_kernel_sizes=[[1], [0, 0]],
        stackwise_num_heads=[[0], [0, 0]],
        stackwise_key_dims=[[0], [0, 0]],
        stackwise_value_dims=[[0], [0, 0]],
        stackwise_kv_strides=[[0], [0, 0]],
        stackwise_use_cpe=[[False], [False, False]],
        use_msfa=False,
        image_shape=SHAPE,
    )
    return hub.MobileNetV5ImageClassifier(backbone, CLASSES, head_hidden_size=24)


def vgg(activation):
    backbone = hub.VGGBackbone(stackwise_num_repeats=[1, 2], stackwise_num_filters=[8, 12], image_shape=SHAPE)
    return hub.VGGImageClassifier(backbone, CLASSES, activation=activation, pooling="avg")


def xception(activation):
    backbone = hub.XceptionBackbone(
        stackwise_conv_filters=[[8, 8], [12, 12]], stackwise_pooling=[True, False], image_shape=SHAPE
    )
    return hub.XceptionImageClassifier(backbone, CLASSES, activation=activation)
